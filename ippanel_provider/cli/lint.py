"""``ippanel lint``: what is odd about texts, before they are sent. Asks the service nothing."""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ippanel_provider.cli.result import WRONG_INPUT, Result
from ippanel_provider.cli.terminal import plain
from ippanel_provider.text.lint import Finding, Level, lint

_PARAMETERS = {"message", "row_message", "text"}
"""What texts are called where DAGs give them."""
_PATTERNS = (".yaml", ".yml")
_FILES = (".txt", ".py", ".md", ".j2", ".jinja", *_PATTERNS)


class Found(NamedTuple):
    """A finding, and where the text stands."""

    where: str
    finding: Finding


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "lint",
        help="say what is odd about a text before it goes out",
        description="Say what is odd about a text: leftovers of a template, a part boundary just crossed, links, marks "
        "that nobody sees. Ends with 2 if there is an error; style is told only.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "texts",
        nargs="+",
        metavar="TEXT|FILE",
        help="a text, a template, a file that holds one, a pattern's YAML file, or a Python file, whose texts are "
        "found by their parameters (message, row_message, text); - reads standard input",
    )
    parser.add_argument("--opt-out", action="store_true", help="the line asks for لغو11")
    parser.add_argument("--part-price", type=float, metavar="RIAL", help="what a part costs a recipient")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON, for scripts")


def run(options: argparse.Namespace) -> Result:
    """Look at each text.

    :raises OSError: one cannot be read, or is no text.
    """
    found: list[Found] = []
    try:
        for given in options.texts:
            for where, text in _texts(given):
                opt_out = True if options.opt_out else None
                found += [Found(where, one) for one in lint(text, opt_out=opt_out, part_price=options.part_price)]
    except (OSError, ValueError, SyntaxError) as error:
        if isinstance(error, OSError):
            reason = error.strerror or "it cannot be read"
        else:
            reason = "it cannot be read as a text" if isinstance(error, UnicodeError | SyntaxError) else str(error)
        raise OSError(f"{given}: {reason}") from None
    rows = [{"where": where, "rule": one.rule, "level": one.level, "message": one.message} for where, one in found]
    lines = [plain(f"{where}: {one}" if where else str(one)) for where, one in found]
    worst = any(one.level is Level.ERROR for _, one in found)
    return Result({"findings": rows}, lines or ["Nothing odd."], WRONG_INPUT if worst else 0)


def _texts(given: str) -> Iterator[tuple[str, str]]:
    """The texts of an argument, with where they stand."""
    if given == "-":
        yield "", _ended(sys.stdin.buffer.read().decode("utf-8-sig"))
    elif not os.path.isfile(given) and not given.endswith(_FILES):
        yield "", given
    elif given.endswith(_PATTERNS):
        yield given, _of_pattern(given)
    else:
        with open(given, encoding="utf-8-sig", newline="") as file:
            source = file.read()
        if given.endswith(".py"):
            yield from ((f"{given}:{line}", text) for line, text in _of_python(source))
        else:
            yield given, _ended(source)


def _of_pattern(path: str) -> str:
    # Only now, because it takes the client with it.
    from ippanel_provider.sync import yaml_files

    message = yaml_files.load(Path(path)).get("message")
    if not isinstance(message, str):
        raise ValueError("it has no field message")
    return message.rstrip()


def _of_python(source: str) -> Iterator[tuple[int, str]]:
    """The texts that are written out where a DAG gives them, or under a name that it gives."""
    tree = ast.parse(source)
    named = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in _PARAMETERS:
            yield from _written(node.value, named)
        elif isinstance(node, ast.keyword) and node.arg == "messages":
            for item in getattr(node.value, "elts", []):
                # Pairs of a recipient and a text, or of a recipient and a pattern's values.
                if isinstance(item, ast.Tuple) and len(item.elts) == 2:
                    yield from _written(item.elts[1], named)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "message":
                    yield from _written(value, named)


def _written(value: ast.expr, named: Mapping[str, ast.expr]) -> Iterator[tuple[int, str]]:
    if isinstance(value, ast.Name):
        value = named.get(value.id, value)
    with suppress(ValueError, TypeError):
        if isinstance(text := _folded(value), str):
            yield value.lineno, text


def _folded(value: ast.expr) -> Any:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _folded(value.left) + _folded(value.right)
    return ast.literal_eval(value)


def _ended(text: str) -> str:
    """Without the line end that closes a file."""
    return text.removesuffix("\n").removesuffix("\r")
