"""``ippanel``: the service from a terminal. ``ippanel --help`` says what there is and what the exit codes mean."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from ippanel_provider import apprise_install
from ippanel_provider.cli import completion, interrupts, lint
from ippanel_provider.cli.arguments import parse
from ippanel_provider.cli.interrupts import INTERRUPTED
from ippanel_provider.cli.result import WRONG_INPUT
from ippanel_provider.cli.showing import said, shown, wrong_input
from ippanel_provider.cli.terminal import complain, settle, use_utf8

__all__ = ["INTERRUPTED", "main"]

_HERE = {"completion": completion.completion, "lint": lint.run}
"""What needs no service."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, the process's own when None. Return the exit code; errors are one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["sandbox"]:
        return carry_out(lambda: Namespace(command="sandbox", arguments=arguments[1:]))
    return carry_out(lambda: parse(arguments))


def carry_out(options_of: Callable[[], Namespace]) -> int:
    """Run what options ask for. Return the exit code; errors are one line on stderr.

    :param options_of: reads them
    """
    use_utf8()
    options: Namespace | None = None
    with interrupts.as_exceptions() as ignore_more:
        try:
            options = options_of()
            if options.command == "sandbox":
                return _sandbox(options.arguments)
            if options.command == "apprise":
                return apprise_install.run(options)
            if options.command in _HERE:
                return shown(_HERE[options.command](options), options)
            # Only now, so that --help and a mistyped command need not wait for an HTTP library.
            from ippanel_provider.cli.running import run

            return run(options)
        except OSError as error:
            complain(said(error))
            return WRONG_INPUT if options is None else wrong_input(options)
        except KeyboardInterrupt as signalled:
            ignore_more()
            complain(f"interrupted. {getattr(options, 'left', '')}".rstrip())
            return int(getattr(signalled, "code", INTERRUPTED))
        finally:
            settle()


def _sandbox(arguments: list[str]) -> int:
    from ippanel_provider.sandbox.__main__ import main as sandbox

    return sandbox(arguments)
