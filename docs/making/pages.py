"""Make the pages that come from the code, and the navigation of the folders, while the site is built.

Pages about something an author writes in a DAG are written by hand (``docs/operators/send.md``). What none of them
speaks of yet gets a page here, so that nothing is missing from the site.
"""

from __future__ import annotations

import mkdocs_gen_files as site

from docs.making import catalogue, tables

for room in catalogue.ROOMS:
    nav = site.Nav()
    for page in catalogue.pages_of(room):
        with site.open(f"{room.folder}/{page.name}", "w") as file:
            file.write(catalogue.with_imports(page.text))
        nav[(page.title,)] = page.name
    with site.open(f"{room.folder}/SUMMARY.md", "w") as file:
        file.writelines(nav.build_literate_nav())

with site.open("reference/SUMMARY.md", "w") as summary:
    for chapter in catalogue.REFERENCE:
        with site.open(f"reference/{chapter.name}.md", "w") as file:
            file.write(catalogue.reference_page(chapter))
        summary.write(f"* [{chapter.title}]({chapter.name}.md)\n")

for path in sorted(catalogue.DOCS.rglob("*.md")):
    text = path.read_text(encoding="utf-8")
    if (whole := tables.filled(text)) != text:
        with site.open(str(path.relative_to(catalogue.DOCS)), "w") as file:
            file.write(whole)

for source, page_name in catalogue.FROM_THE_TOP.items():
    with site.open(page_name, "w") as file:
        file.write(catalogue.from_the_top(source))

with site.open("examples.md", "w") as file:
    file.write(catalogue.example_page())
