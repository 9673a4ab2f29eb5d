"""Look at every link of the built site: files and anchors that must be there, and addresses elsewhere, which are
listed.

``python -m docs.making.links site``. MkDocs looks at links between pages that people wrote; this sees those of
generated pages and of docstrings too. Nothing is fetched: of an address elsewhere only the form is judged.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""What a browser fetches by itself; none of it may come from elsewhere."""
_NOT_FETCHED = {"canonical", "alternate", "next", "prev", "edit", "license"}


class Document(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag points to."""
        given = {name: value or "" for name, value in attrs}
        self.anchors.update(given[name] for name in ("id", "name") if given.get(name))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED and given.get(LOADED[tag]) and not _NOT_FETCHED & set(given.get("rel", "").split()):
            self.loaded.append(given[LOADED[tag]])


def problems_of(site: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Return what is wrong, and the addresses elsewhere with the pages that name them."""
    pages = {path.resolve(): Document(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    wrong: list[str] = []
    elsewhere: dict[str, list[str]] = defaultdict(list)
    for path, page in pages.items():
        name = str(path.relative_to(site.resolve()))
        wrong += [f"{name}: loads {address} from elsewhere" for address in page.loaded if urlsplit(address).netloc]
        # The page for what is not found is shown at any depth, so its links begin at the root.
        base = site.resolve() if name == "404.html" else path.parent
        for link in [*page.links, *(address for address in page.loaded if not urlsplit(address).netloc)]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                elsewhere[link].append(name)
                if parts.scheme not in {"https", "http", "mailto"} or (
                    parts.scheme != "mailto" and "." not in parts.netloc.partition(":")[0]
                ):
                    wrong.append(f"{name}: {link} is no address")
                continue
            target = _file(
                (site.resolve() / parts.path.lstrip("/"))
                if parts.path.startswith("/")
                else (base / unquote(parts.path)),
                path,
                parts.path,
            )
            if target.is_dir():
                wrong.append(f"{name}: {link} names a folder, which a browser that reads from the disk only lists")
            elif not target.is_file():
                wrong.append(f"{name}: {link} leads nowhere")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                wrong.append(f"{name}: {link} names a section that is not there")
    return wrong, dict(elsewhere)


def _file(target: Path, page: Path, given: str) -> Path:
    return target.resolve() if given else page


def main(arguments: list[str]) -> int:
    """Print what was found; return 1 if anything is wrong."""
    site = Path(arguments[0] if arguments else "site")
    wrong, elsewhere = problems_of(site)
    for address in sorted(elsewhere):
        sys.stdout.write(f"elsewhere, not looked at: {address}\n")
    for problem in wrong:
        sys.stderr.write(f"{problem}\n")
    pages = sum(1 for _ in site.rglob("*.html"))
    sys.stdout.write(f"{pages} pages, {len(wrong)} broken links, {len(elsewhere)} addresses elsewhere\n")
    return 1 if wrong or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
