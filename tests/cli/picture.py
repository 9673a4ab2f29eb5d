"""The command in Persian as a terminal shows it: ``python -m tests.cli.picture`` draws ``docs/images/terminal.png``.

The command runs at a terminal of so many columns under ``LC_ALL=C``; a browser lays out what it wrote.
"""

from __future__ import annotations

import fcntl
import html
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

TARGET = Path(__file__).parents[2] / "docs" / "images" / "terminal.png"
COLUMNS = 72
STYLE = """
body { margin: 0; background: #16181d }
div { color: #d8dee9; font: 16px/1.5 "DejaVu Sans Mono", monospace; white-space: pre-wrap; word-break: break-all;
      unicode-bidi: isolate; width: 72ch; padding: 0 12px }
.typed { color: #8fbc8f; padding-top: 10px }
"""
TYPED = (
    ("ippanel inbox --limit 2", ("inbox", "--limit", "2")),
    (
        "ippanel send 09120000001 --send-time 2h -m 'جلسه ساعت ۱۰ است'",
        ("send", "09120000001", "--send-time", "2h", "-m", "جلسه ساعت ۱۰ است"),
    ),
    (
        "ippanel send 09120000001 0912 -m 'سلام، سفارش شما رسید'",
        ("send", "09120000001", "0912", "-m", "سلام، سفارش شما رسید"),
    ),
)


def shown(sandbox: RunningSandbox, arguments: tuple[str, ...]) -> list[str]:
    """The lines that a command leaves on a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    surroundings = {
        "IPPANEL_API_KEY": sandbox.api_key,
        "IPPANEL_SENDER": sandbox.sender,
        "IPPANEL_BASE_URL": sandbox.base_url,
        "LC_ALL": "C",
        "TZ": "Asia/Tehran",
    }
    call = [sys.executable, "-m", "ippanel_provider.cli", *arguments]
    # Where a program has said how wide it wants others to write, the terminal is not asked.
    outside = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(call, stdin=theirs, stdout=theirs, stderr=theirs, env=outside | surroundings)
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 4096):
            written += piece
    except OSError:  # a terminal whose last user has gone
        pass
    process.wait()
    os.close(ours)
    return written.decode().replace("\r", "").splitlines()


def main() -> None:
    """Draw the picture."""
    rows = []
    with running_sandbox() as sandbox:
        sandbox.inbox("09120000002", "لغو")
        sandbox.inbox("09120000001", "سلام، سفارش من (کد 1234) کی می‌رسد؟ لطفاً پیش از ساعت ۱۰ خبر بدهید.")
        for typed, arguments in TYPED:
            rows.append(f'<div class="typed">$ {html.escape(typed)}</div>')
            rows += [f"<div>{html.escape(line)}</div>" for line in shown(sandbox, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(f"<meta charset='utf-8'><style>{STYLE}</style>{''.join(rows)}", encoding="utf-8")
        browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or "google-chrome"
        flags = ("--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=730,360", f"--screenshot={TARGET}")
        subprocess.run([browser, *flags, page.as_uri()], check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    main()
