"""What is odd about a text is told by rule, and never by repeating the text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.text.lint import RULES, Level, lint
from ippanel_provider.text.word_lists import WordLists

GOOD = "سلام، سفارش شما آمادهٔ تحویل است. فروشگاه آبان"


def rules(text: str, **known: object) -> list[str]:
    return [finding.rule for finding in lint(text, **known)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "{{ row.name | default('دوست') }} عزیز، جشنوارهٔ کفش آبان از فردا ساعت 10 آغاز می‌شود؛ تا 40 درصد تخفیف.\nلغو11",
        "مشترک گرامی اینترنت پایدار، صورت‌حساب آبان شما {{ row.amount or '-' }} ریال است. مهلت پرداخت: 15 آذر 1405",
        "کد ورود شما به فروشگاه آبان: %code%\nاین کد را به کسی نگویید.",
        "رمز پرداخت پایدار: %code%\nمبلغ: %amount% ریال\nاعتبار: %minutes% دقیقه",
        "آرش عزیز، بستهٔ شما تحویل پست شد. فروشگاه آبان",
        "برندهای معتبر در فروشگاه آبان",
        "خانوادهٔ 👨‍👩‍👧 عزیز، سلام",
        "س" * 70,
        "س" * 134,
        "س" * 90,
    ],
)
def test_nothing_is_odd_about_a_good_text(text: str) -> None:
    assert lint(text) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("leftover", "سلام None عزیز"),
        ("leftover", "سلام nan"),
        ("leftover", "مبلغ #REF! ریال"),
        ("leftover", "سلام_x000D_علی"),
        ("leftover", "مبلغ 150000.0 ریال"),
        ("leftover", "مبلغ ۱۵۰۰۰۰.۰ تومان"),
        ("leftover", "سلام {{ name عزیز"),
        ("leftover", "سلام {{ row.name | default('x') }} null"),
        ("opt-out-doubled", "سلام\nلغو11\nلغو11"),
        ("opt-out-doubled", "سلام لغو ۱۱ لغو11"),
        ("payment-link", "پرداخت: https://www.zarinp.al/abc"),
        ("payment-link", "پرداخت: sep.shaparak.ir/x"),
        ("card-number", "به کارت 6037-9912-3456-7893 بریزید"),
        ("card-number", "به کارت ۶۰۳۷۹۹۱۲۳۴۵۶۷۸۹۳ بریزید"),
        ("refused-word", "شما برنده شدید"),
        ("refused-word", "در قرعه\u200cكشي شرکت کنید"),
        ("no-fallback", "سلام {{ row.name }} عزیز"),
        ("no-fallback", "سلام {{ row.name | trim }} عزیز"),
        ("part-edge", "س" * 71),
        ("part-edge", "س" * 144),
        ("part-edge", "a" * 307),
        ("latin", "Your order is on its way."),
        ("latin-spoilt", "It’s on its way."),
        ("opt-out-spelling", "سلام\nلغو۱۱"),
        ("opt-out-spelling", "لغو11 را بفرستید تا پیامک نگیرید"),
        ("opt-out-spelling", "کد: %code%\nلغو11"),
        ("link", "سلام، https://shop.example/x"),
        ("link", "سلام، shop.ir/x"),
        ("link", "سلام، bit.ly/abc"),
        ("arabic-letters", "سلام علي"),
        ("arabic-letters", "یك"),
        ("invisible-mark", "سلام\u200f علی"),
        ("invisible-mark", "\ufeffسلام"),
        ("invisible-mark", "می\u200c\u200cشود"),
        ("invisible-mark", "سلام\u00a0علی"),
        ("spaces", "سلام  علی"),
        ("spaces", "سلام "),
        ("direction", "ABAN: سفارش شما آماده است"),
        ("direction", "{{ dag.dag_id or '' }} شکست خورد"),
    ],
)
def test_what_is_odd_is_told_by_its_rule(rule: str, text: str) -> None:
    assert rule in rules(text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("leftover", "Nonetheless, a nanny came undefinedly"),
        ("link", "ساعت 10.30 بیایید. باشه.خب"),
        ("card-number", "کد 1234-5678-1234-5678"),
        ("card-number", "شبا 60379912345678931"),
        ("part-edge", "س" * 81),
        ("opt-out-doubled", "سلام لغو11"),
        ("no-fallback", "{{ 'سلام' }}"),
        ("no-fallback", "تسک {{ ti.task_id }} شکست خورد"),
        ("direction", "{{ row.name or '' }} عزیز"),
        ("refused-word", "برندهای خوب"),
        ("spaces", "سلام\nعلی"),
        ("latin", "سلام Ali"),
    ],
)
def test_a_rule_leaves_alone_what_only_looks_like_it(rule: str, text: str) -> None:
    assert rule not in rules(text)


def test_a_line_that_asks_for_the_suffix_wants_it_and_bills_it() -> None:
    assert rules(GOOD, opt_out=True) == ["opt-out-missing"]
    assert rules(f"{GOOD}\nلغو11", opt_out=True) == []
    assert rules("س" * 65, opt_out=None) == []
    assert "part-edge" in rules("س" * 65, opt_out=True)


def test_a_part_too_many_is_told_with_its_price() -> None:
    (finding,) = lint("س" * 72, part_price=1330)
    assert finding.message == (
        "is 2 over the 70 characters of 1 part and costs 2, 1,330 rial a recipient; shorten it by 2"
    )
    assert "part-edge" in rules("س" * 133, is_66_char=True)


def test_the_lists_can_be_replaced() -> None:
    lists = WordLists("2030-01", refused_words=["گربه"], payment_hosts=["pay.example"], shorteners=(), leftovers=())
    assert rules("شما برنده شدید None", lists=lists) == []
    assert rules("گربه", lists=lists) == ["refused-word"]
    assert "2030-01" in lint("گربه", lists=lists)[0].message
    assert rules("سلام https://x.pay.example/1", lists=lists) == ["payment-link"]


def test_errors_come_first() -> None:
    levels = [finding.level for finding in lint("Hello None")]
    assert levels == [Level.ERROR, Level.STYLE]


@given(st.text(max_size=300) | st.text("سلام None{}%لغو11 https://.irي\u200c", max_size=200))
def test_any_text_can_be_looked_at_and_no_number_of_it_is_repeated(text: str) -> None:
    for finding in lint(f"{text} 09120001234"):
        assert "09120001234" not in finding.message
        assert finding.rule in RULES


def test_every_rule_is_documented_with_its_level() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")]
    documented = {rule.strip("` "): level.strip() for names, level in rows for rule in names.split(",")}
    assert {rule: documented.get(rule) for rule in RULES} == {rule: str(level) for rule, (level, _) in RULES.items()}


class TestCommand:
    def lint(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "ippanel_provider.cli", "lint", *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=False)

    def test_says_what_is_odd_and_fails_for_errors_only(self) -> None:
        wrong = self.lint("سلام None", GOOD)
        assert (wrong.returncode, wrong.stdout.decode()) == (
            2,
            "error leftover: holds None, which a table leaves where nothing was\n",
        )
        style = self.lint("سلام  علی")
        assert (style.returncode, style.stdout.decode().partition(":")[0]) == (0, "style spaces")
        assert self.lint(GOOD).stdout == b"Nothing odd.\n"

    def test_reads_files_and_standard_input(self, tmp_path: Path) -> None:
        text, dag = tmp_path / "text.txt", tmp_path / "dag.py"
        text.write_text("سلام None\n", encoding="utf-8")
        dag.write_text(f"send(task_id='a', message={GOOD!r})\nsend(\n  row_message='سلام #REF!')\n", encoding="utf-8")
        run = self.lint("--json", str(text), str(dag), "-", given="سلام nan\n".encode())
        assert run.returncode == 2
        found = json.loads(run.stdout)["findings"]
        assert [row["where"] for row in found] == [str(text), f"{dag}:3", ""]
        assert {row["rule"] for row in found} == {"leftover"}

    def test_finds_the_texts_of_a_dag_under_names_in_sums_and_in_lists(self) -> None:
        from ippanel_provider.cli.lint import _of_python

        source = """
TEXT = "سلام"
send(message=TEXT)
send(message="سلام " + "آرش", text=f"{x}", row_message=TEXT + UNKNOWN)
send(messages=[("09120000001", "یک"), {"recipient": "09120000002", "message": "دو"}, ("09120000003", {"n": 1})])
"""
        assert list(_of_python(source)) == [(2, "سلام"), (4, "سلام آرش"), (5, "یک"), (5, "دو")]

    def test_reads_the_message_of_a_pattern(self, tmp_path: Path) -> None:
        good, bad = tmp_path / "otp.yaml", tmp_path / "empty.yml"
        good.write_text("title: None\nmessage: |\n  کد ورود شما به فروشگاه آبان: %code%\n  لغو11\n", encoding="utf-8")
        run = self.lint(str(good))
        assert (run.returncode, run.stdout.decode()) == (
            0,
            f"{good}: style opt-out-spelling: is a pattern with لغو11; patterns have none\n",
        )
        bad.write_text("title: x\n", encoding="utf-8")
        run = self.lint(str(bad))
        assert (run.returncode, run.stderr.decode()) == (2, f"ippanel: {bad}: it has no field message\n")

    @pytest.mark.parametrize("name", ["nowhere.txt", "nowhere.py", "nowhere.yaml"])
    def test_a_file_that_is_not_there_is_no_text(self, name: str) -> None:
        run = self.lint(name)
        assert (run.returncode, run.stdout) == (2, b"")
        assert run.stderr.decode() == f"ippanel: {name}: No such file or directory\n"


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "example_dags").glob("*.py")), ids=lambda path: path.stem
)
def test_no_example_has_a_text_that_a_reviewer_would_refuse(path: Path) -> None:
    from ippanel_provider.cli.lint import _of_python

    errors = [
        (line, str(finding))
        for line, text in _of_python(path.read_text(encoding="utf-8"))
        for finding in lint(text)
        if finding.level is Level.ERROR
    ]
    assert errors == []
