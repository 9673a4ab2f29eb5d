"""What a command reads: answers of the person at the terminal, texts of arguments and of standard input."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterable

from ippanel_provider.cli.terminal import is_terminal, write
from ippanel_provider.client import InvalidInput
from ippanel_provider.values import InvalidValue, duration, seconds


def ask(prompt: str, *, secret: bool = False, otherwise: str) -> str:
    """Ask the person at the terminal.

    :param otherwise: what to do where there is nobody to ask.
    :raises InvalidInput: nobody is there.
    """
    if not is_terminal(sys.stdin):
        raise InvalidInput(f"{prompt.lower()}: there is no terminal to ask at; {otherwise}")
    if secret:
        try:
            return getpass.getpass(f"{prompt}: ", stream=sys.stderr).strip()
        except EOFError:
            raise InvalidInput(f"{prompt.lower()}: no answer was given") from None
    sys.stderr.write(f"{prompt}: ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise InvalidInput(f"{prompt.lower()}: no answer was given")
    return answer.strip()


def confirm(plan: Iterable[str]) -> None:
    """Show a plan and ask whether to go on.

    :raises InvalidInput: the answer is no, or there is nobody to ask.
    """
    if is_terminal(sys.stdin):
        for line in plan:
            write(line)
    if ask("Type yes to apply", otherwise="use --yes, or plan --out and apply --plan").lower() != "yes":
        raise InvalidInput("apply: it was not confirmed. Nothing was changed.")


def standard_input() -> bytes:
    """All of standard input.

    :raises InvalidInput: it is closed.
    """
    if sys.stdin is None:
        raise InvalidInput("standard input is closed; there is nothing to read from it")
    return sys.stdin.buffer.read()


def argument(given: str, field: str) -> str:
    """What the shell handed over, whatever the locale made of it: taken for Latin it would be sent as gibberish.

    :raises InvalidInput: it is not UTF-8.
    """
    try:
        return os.fsencode(given).decode()
    except UnicodeError:
        raise InvalidInput(f"{field}: it is not UTF-8") from None


def text_of(given: str) -> str:
    """The text of an argument; ``-`` reads standard input, without the line end that closes it.

    :raises InvalidInput: it is not UTF-8.
    """
    if given != "-":
        return argument(given, "text")
    try:
        return standard_input().decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeError:
        raise InvalidInput("text: it is not UTF-8") from None


def span(given: str, field: str) -> float:
    """Return seconds: of a number of them, or of a text with its unit (``90s``, ``10m``).

    :raises InvalidValue: it is neither.
    """
    try:
        return duration(given, field).total_seconds()
    except InvalidValue:
        return seconds(given, field)
