"""``ippanel``: the service from a terminal. ``ippanel --help`` says what there is and what the exit codes mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ippanel_provider import apprise_install
from ippanel_provider.cli import lint
from ippanel_provider.cli.arguments import parse
from ippanel_provider.cli.terminal import complain, use_utf8

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, the process's own when None. Return the exit code; errors are one line on stderr."""
    use_utf8()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments[:1] == ["sandbox"]:
            return _sandbox(arguments[1:])
        options = parse(arguments)
        if options.command == "apprise":
            return apprise_install.run(options)
        if options.command == "lint":
            return lint.run(options)
        # Only now, so that --help and a mistyped command need not wait for an HTTP library.
        from ippanel_provider.cli.running import run

        return run(options)
    except KeyboardInterrupt:
        complain("interrupted. A send that was under way may have gone out.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads the output has had enough (| head); what is left must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _sandbox(arguments: list[str]) -> int:
    from ippanel_provider.sandbox.__main__ import main as sandbox

    return sandbox(arguments)
