"""Completion in bash, zsh and fish, of the very parser that reads the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ippanel_provider.cli.result import Result


def completion(options: argparse.Namespace) -> Result:
    """What a shell has to run, once, to complete the command.

    :raises ModuleNotFoundError: argcomplete is missing.
    """
    from argcomplete.shell_integration import shellcode

    return Result({}, [shellcode(["ippanel"], shell=options.shell)])


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell that asks and end the process. Files are offered only where a file is meant."""
    from argcomplete.completers import FilesCompleter, SuppressCompleter
    from argcomplete.finders import CompletionFinder

    for action in _actions(parser):
        if action.type is Path:
            action.completer = FilesCompleter()  # type: ignore[attr-defined] # as argcomplete wants it
    CompletionFinder()(parser, default_completer=SuppressCompleter())


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
