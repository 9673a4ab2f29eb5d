"""Patterns as files: what they say, and what is refused before anything is compared."""

from __future__ import annotations

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
