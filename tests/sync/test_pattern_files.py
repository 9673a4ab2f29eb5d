"""Patterns as files: what they say, and what is refused before anything is compared."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from ippanel_provider.client import InvalidInput
from ippanel_provider.sync.patterns.files import inferred, load, parse


def test_a_file_says_all_of_a_pattern() -> None:
    file = parse(
        "title: Login\ndescription: Code of the login\nmessage: |\n  کد شما: %code%\n  %shop%\n"
        "variables: {code: integer, shop: string}\nwebsite: https://example.com\nshared: true\n",
        "login/code",
    )
    content = file.content
    assert (file.name, file.code) == ("login/code", None)
    assert content.message == "کد شما: %code%\n%shop%"
    assert content.variables == {"code": "integer", "shop": "string"}
    assert (content.title, content.description, content.website, content.shared) == (
        "Login", "Code of the login", "https://example.com", True,
    )  # fmt: skip


def test_the_least_is_a_message() -> None:
    content = parse("message: سلام %name%", "greetings/hello").content
    assert (content.title, content.description, content.website, content.shared) == ("hello", None, "", False)
    assert content.variables == {"name": "string"}


@pytest.mark.parametrize(
    ("message", "variables"),
    [
        ("کد %code% و %shop_2% و %code%", ["code", "shop_2"]),
        ("50% of 20% off", []),
        ("%نام%", ["نام"]),
        ("100%", []),
    ],
)
def test_variables_are_found_in_the_message(message: str, variables: list[str]) -> None:
    assert inferred(message) == variables


def test_a_declared_variable_is_found_beside_a_percent_sign() -> None:
    assert parse("message: '10%از%name%'\nvariables: [name]", "x").content.variables == {"name": "string"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: x", "message: the text is empty"),
        ("message: 5", "message: YAML reads it as int; put it in quotes"),
        ("message: a %b%\nvariables: {c: string}", "c is declared and the message does not hold %c%"),
        ("message: a %b% %c%\nvariables: {c: string}", "the message holds %b%, which is not declared"),
        ("message: a %b%\nvariables: {b: number}", "b is of type 'number'; it is one of string, integer"),
        ("message: a %no%\nvariables: {no: string}", "YAML reads a name as False; put it in quotes"),
        ("message: a\nmessage: b", "line 1: message is given twice"),
        ("message: a\ntext: b", "text: there is no such field"),
        ("message: a\nshared: maybe", "shared: it is true or false"),
        ("message: [", "line 1"),
        ("- a", "it holds no fields"),
        (f"message: {'x' * 1401}", "1401 characters"),
        ("message: &a x\ntitle: *a", "line 2: an alias (*a) is not taken; write out what it stands for"),
        ("message: " + "[" * 5000, "line 1: it is nested deeper than 10 levels"),
        ("message: " + "{a: " * 5000, "line 1: it is nested deeper than 10 levels"),
        ("message: a\ntitle: " + "9" * 5000, "line 2: a number has more than 40 digits"),
        ("message: a\ntitle: " + "1:" * 50 + "1", "line 2: a number has more than 40 digits"),
        ("message: a\ntitle: 2026-02-31", "a date or a number in it is none"),
        ("message: a\ntitle: !!int x", "a date or a number in it is none"),
        ("message: !!python/name:os.system x", "it is not YAML"),
        ("? [a]\n: b", "it is not YAML"),
        (f"message: a\ntitle: {'x' * 201}", "title: 201 characters are too many"),
        ("message: x " + " ".join(f"%v{n}%" for n in range(31)), "31 are too many"),
        (f"message: '%{'x' * 51}%'", "variables: 51 characters are too many"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text, "x")
    assert said in str(caught.value)


def test_all_bad_files_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("message: ''")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.yml").write_text("nothing: x")
    (tmp_path / "c.yaml").write_bytes(b"message: \xff")
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path)
    assert str(caught.value).startswith("a.yaml: message")
    assert "more/b.yml: nothing: there is no such field" in str(caught.value)
    assert "c.yaml: it is not UTF-8" in str(caught.value)


def test_what_stands_for_more_than_it_looks_like_costs_nothing(tmp_path: Path) -> None:
    """The usual bomb: nine names, each ten of the one before, would be a gigabyte."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in pairwise("abcdefghi")
    )
    with pytest.raises(InvalidInput, match=r"line 2: an alias"):
        parse(bomb, "x")
    (tmp_path / "large.yaml").write_text("message: a\n" + "# \n" * 30_000)
    with pytest.raises(InvalidInput, match=r"^large.yaml: it is larger than 64 KB"):
        load(tmp_path)
    with pytest.raises(InvalidInput, match=r"a is given twice"):
        parse("a: 1\n" * 2_000, "x")


def test_a_long_text_of_digits_is_a_text_where_it_is_quoted() -> None:
    assert parse(f"message: '{'9' * 100}'", "x").content.message == "9" * 100


def test_files_that_could_not_be_told_apart_are_refused(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text("title: t\nmessage: m")
    with pytest.raises(InvalidInput, match="b: it has the same title and message as a"):
        load(tmp_path)


def test_one_name_with_two_endings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("message: m")
    (tmp_path / "a.yml").write_text("message: n")
    with pytest.raises(InvalidInput, match="a: it has the same name as a"):
        load(tmp_path)


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no pattern")
    (tmp_path / "b.yaml").write_text("message: m")
    assert [file.name for file in load(tmp_path)] == ["b"]


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is no directory"):
        load(tmp_path / "nowhere")
