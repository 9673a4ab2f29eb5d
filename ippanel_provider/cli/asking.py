"""What a command reads: answers of the person at the terminal, texts of arguments and of standard input."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable

from ippanel_provider.cli.terminal import write
from ippanel_provider.client import InvalidInput


def ask(prompt: str, *, secret: bool = False, otherwise: str) -> str:
    """Ask the person at the terminal.

    :param otherwise: what to do where there is nobody to ask.
    :raises InvalidInput: nobody is there.
    """
    if not sys.stdin.isatty():
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
    if sys.stdin.isatty():
        for line in plan:
            write(line)
    if ask("Type yes to apply", otherwise="use --yes, or plan --out and apply --plan").lower() != "yes":
        raise InvalidInput("apply: it was not confirmed. Nothing was changed.")


def text_of(argument: str) -> str:
    """The text of an argument; ``-`` reads standard input, without the line end that closes it.

    :raises InvalidInput: it is not UTF-8.
    """
    try:
        if argument != "-":
            # What the shell handed over in another encoding arrives as lone surrogates.
            return argument.encode().decode()
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeError:
        raise InvalidInput("text: it is not UTF-8") from None
    return text.removesuffix("\n").removesuffix("\r")
