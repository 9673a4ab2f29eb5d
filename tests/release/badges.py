"""Draw ``docs/images/coverage.svg`` and ``types.svg`` from what coverage and mypy measured: ``make badges``.

Coverage is that of the last ``make test``; types are the share of the package's expressions in which mypy sees no
``Any``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
COLOURS = ((95, "#2e7d32"), (85, "#6b8e23"), (70, "#b7791f"), (0, "#b3261e"))
"""From which percentage on a badge has which colour; all carry white letters."""
_LETTER, _MARGIN = 6.6, 6


def main() -> int:
    """Draw both; return 1 when the tests have left no coverage to read."""
    draw("types", typed())
    measured = covered()
    if measured is None:
        print("there is no coverage to read: make test first", file=sys.stderr)
        return 1
    draw("coverage", measured)
    return 0


def covered() -> float | None:
    """The share of lines and branches that the tests went through, in percent."""
    told = subprocess.run(
        [sys.executable, "-m", "coverage", "report", "--format=total", "--precision=1", "--fail-under=0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return float(told.stdout) if told.returncode == 0 else None


def typed() -> float:
    """The share of expressions without ``Any``, in percent."""
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            [sys.executable, "-m", "mypy", "--any-exprs-report", folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode:
            raise SystemExit(told.stdout)
        report = (Path(folder) / "any-exprs.txt").read_text(encoding="utf-8")
    # The last line sums up: Total, expressions with Any, all expressions, percent.
    total = re.search(r"^\s*Total\s+(\d+)\s+(\d+)\s+[\d.]+%\s*$", report, re.MULTILINE)
    if total is None:
        raise SystemExit("mypy wrote no total")
    unsure, expressions = int(total[1]), int(total[2])
    return 100 * (expressions - unsure) / expressions


def draw(label: str, percent: float) -> None:
    """Write one badge. What rounds up to 100 but is less stays 99.9."""
    value = f"{min(percent, 99.9) if percent < 100 else 100:.1f} %"
    colour = next(colour for least, colour in COLOURS if percent >= least)
    left, right = (round(len(text) * _LETTER + 2 * _MARGIN) for text in (label, value))
    (IMAGES / f"{label}.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{label}: {value}">'
        f"<title>{label}: {value}</title>"
        f'<rect width="{left + right}" height="20" rx="3" fill="#444"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left}z" fill="{colour}"/>'
        f'<g fill="#fff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{label}</text><text x="{left + right / 2}" y="14">{value}</text></g></svg>\n',
        encoding="utf-8",
    )
    print(f"{label}: {value}")


if __name__ == "__main__":
    sys.exit(main())
