"""The result of a command on its way to whoever reads it, and the exit code where nobody can."""

from __future__ import annotations

import argparse

from ippanel_provider.cli.result import WRONG_INPUT, Result
from ippanel_provider.cli.terminal import complain, finish, settle, write, write_json


def shown(result: Result, options: argparse.Namespace) -> int:
    """Print a result and return its exit code; where the service acted, nothing that happens here changes that."""
    try:
        _print(result, as_json=options.json)
    except BrokenPipeError:
        # Whoever reads the output has had enough (| head).
        settle()
    except OSError as error:
        settle()
        said = f" {' '.join(result.lines)}" if result.acted else ""
        complain(f"the result cannot be written ({error.strerror or error}).{said}")
        return result.code if result.acted else wrong_input(options)
    except KeyboardInterrupt:
        if not result.acted:
            raise
    return result.code


def wrong_input(options: argparse.Namespace) -> int:
    """Return the exit code of a mistake, which is another where 2 says that there are changes."""
    return int(getattr(options, "wrong_input", WRONG_INPUT))


def said(error: OSError) -> str:
    """What the system said, and of which file."""
    return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")


def _print(result: Result, *, as_json: bool) -> None:
    if as_json:
        write_json(result.data)
    else:
        for line in result.lines:
            write(line)
    finish()
