"""What did not go out is told, in the words tools look for, and nothing is told that is nobody's business."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apprise
import pytest

from ippanel_provider.apprise_plugin import NotifyIPPanel
from ippanel_provider.sandbox.runner import RunningSandbox

Address = Callable[..., str]
Notify = Callable[..., Any]
Plugin = Callable[[str], NotifyIPPanel]
ONE, TWO = "+989120000001", "+989120000002"


def sends(sandbox: RunningSandbox) -> int:
    return int(sandbox.stats()["requests"].get("POST /api/send", 0))


class TestFailures:
    def test_a_target_that_is_none_is_told_each_time_and_the_others_are_sent(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        done = notify(address("09120000001", "02112345678"))
        assert not done.ok
        assert "landline" in done.log
        assert [message["recipient"] for message in ippanel_sandbox.messages()] == [ONE]

    def test_neither_key_nor_number_nor_text_is_logged(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        logs = [
            notify(address("09120000001"), "راز").log,
            notify(address("09120000001", key="s3cr3tkey"), "راز").log,
            notify(address("09120000001", pattern="code", __v="راز"), "راز").log,
            notify(address("0912000000"[:10] + "1", "0912345"), "راز").log,
        ]
        for log in logs:
            assert not any(secret in log for secret in (ippanel_sandbox.api_key, "s3cr3tkey", "9120000001", "راز")), log

    @pytest.mark.parametrize(
        "url",
        [
            "ippanel://s3cr3tkey@+983000505/0912 000 0001/0912 000 0002?mode=fax",
            'ippanel://"s3cr3tkey@+983000505/09120000001?mode=fax',
            "ippanel:/s3cr3tkey@+983000505/09120000001",
            "IPPanel//s3cr3tkey@+983000505/09120000001",
        ],
    )
    def test_nor_is_a_url_that_was_mistyped(self, caplog: pytest.LogCaptureFixture, url: str) -> None:
        with caplog.at_level(1):
            assert not apprise.Apprise().add(url)
            apprise.AppriseConfig().add_config(f"urls:\n - '{url}'\n")
        assert "ippanel://****" in caplog.text
        assert not any(secret in caplog.text for secret in ("s3cr3tkey", "000 0001", "000 0002", "9120000001")), (
            caplog.text
        )

    @pytest.mark.parametrize(
        ("fault", "options", "said"),
        [
            ("unauthorized", {}, "Check the API key"),
            ("refused", {}, "Nothing was sent"),
            ("status", {"status": 500}, "may have gone out"),
            ("status", {"status": 429}, "come later"),
            ("drop_after", {}, "may have gone out"),
            ("html", {"status": 200}, "may have gone out"),
            ("html", {"status": 403}, ""),
            ("malformed", {}, "may have gone out"),
            ("truncated", {}, "may have gone out"),
            ("drop_before", {}, "may have gone out"),
        ],
    )
    def test_each_failure_is_an_error_that_says_whether_it_may_have_gone_out(
        self,
        ippanel_sandbox: RunningSandbox,
        address: Address,
        notify: Notify,
        fault: str,
        options: dict[str, Any],
        said: str,
    ) -> None:
        ippanel_sandbox.fault(fault, path="/api/send", **options)
        done = notify(address())
        assert not done.ok
        assert "ERROR" in done.log
        assert said in done.log

    def test_part_of_a_batch(self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
        ippanel_sandbox.fault("refused", path="/api/send", after=1, times=1)
        done = notify(address(*(f"0912000{number:04}" for number in range(2500))))
        assert not done.ok
        assert ippanel_sandbox.counts()["distinct"] == 1500
        assert "accepted for 1500 targets" in done.log
        assert "not accepted for 1000 of 2500 targets" in done.log

    def test_after_a_wrong_key_the_rest_is_held_back(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        before = sends(ippanel_sandbox)
        done = notify(address(*(f"0912000{number:04}" for number in range(2500)), key="wrong"))
        assert not done.ok
        assert sends(ippanel_sandbox) - before == 1
        assert "Held back" in done.log

    def test_what_would_outlast_apprise_is_held_back(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        # A read timeout that uses up all of the time leaves room for the first request only.
        done = notify(address(*(f"0912000{number:04}" for number in range(1500)), rto=58))
        assert not done.ok
        assert ippanel_sandbox.counts()["distinct"] == 1000
        assert "no time was left" in done.log

    def test_a_ca_bundle_that_cannot_be_read(self, address: Address, notify: Notify, tmp_path: Path) -> None:
        done = notify(address(ca=tmp_path / "nowhere.pem"))
        assert not done.ok
        assert "ERROR" in done.log
        assert "nothing was sent. ca: " in done.log

    def test_advice_that_shows_how_a_url_is_written_is_shown(self, caplog: pytest.LogCaptureFixture) -> None:
        assert not apprise.Apprise().add("ippanel://s3cr3tkey@+983000505")
        assert "add numbers: ippanel://KEY@FROM/09120000000" in caplog.text
        assert not apprise.Apprise().add("ippanel://sandbox-key@+983000505/09120000001")
        assert "url= in an ippanel:// URL)" in caplog.text
        assert "s3cr3tkey" not in caplog.text

    def test_the_first_request_ends_before_apprise_stops_waiting_however_long_it_may_take(self, plugin: Plugin) -> None:
        for url in ("rto=3600", "rto=58&cto=30", "cto=3600"):
            settings = plugin(f"ippanel://key@+983000505/09120000001?{url}").settings
            assert 2 * settings.connect_timeout + settings.read_timeout < 60
            assert settings.read_timeout >= 20


class TestAttachments:
    """A text carries no files."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> str:
        picture = tmp_path / "picture.png"
        picture.write_bytes(b"x")
        return str(picture)

    def test_are_left_out_and_that_is_said(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify, file: str
    ) -> None:
        done = notify(address(), attach=file)
        assert done.ok
        assert len(ippanel_sandbox.messages()) == 1
        assert "the attachments were left out" in done.log
        assert "WARNING" not in done.log

    def test_alone_are_an_error(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify, file: str
    ) -> None:
        done = notify(address(), "", attach=file)
        assert not done.ok
        assert "ERROR" in done.log
        assert "A text carries no files" in done.log
        assert ippanel_sandbox.messages() == []


class TestSharedPeople:
    """The service refuses a text whole if one of its people got the same in the last 40 seconds."""

    def test_of_two_urls_cost_nobody_else_the_text(
        self, ippanel_sandbox: RunningSandbox, address: Address, caplog: pytest.LogCaptureFixture
    ) -> None:
        service = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
        service.add(address("09120000001", "09120000002"))
        service.add(address("09120000002", "09120000003", "09120000004"))
        with caplog.at_level("INFO"):
            assert service.notify("یک هشدار")
        counts = ippanel_sandbox.counts()
        assert (counts["texts"], counts["distinct"]) == (4, 4)
        assert "1 target got this text through another URL a moment ago" in caplog.text

    def test_of_urls_that_are_sent_to_at_once_have_it_too(
        self, ippanel_sandbox: RunningSandbox, address: Address
    ) -> None:
        service = apprise.Apprise()
        for number in range(4):
            service.add(address("09120000001", f"0912000001{number}"))
        for number in range(5):
            assert service.notify(f"خبر {number}")
        counts = ippanel_sandbox.counts()
        assert (counts["texts"], counts["duplicates"]) == (25, 0)

    def test_of_two_programs_are_found_out_and_told(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        """Uptime Kuma runs a command for each URL, and neither knows of the other."""
        shared = [f"0912000{number:04}" for number in (3, 400, 401, 999)]
        assert notify(address(*shared), "یک خبر").ok
        done = notify(address(*(f"0912000{number:04}" for number in range(1000))), "یک خبر")
        assert not done.ok
        assert "not accepted for 4 of 1000 targets" in done.log
        counts = ippanel_sandbox.counts()
        assert (counts["texts"], counts["distinct"]) == (1000, 1000)

    def test_and_the_same_url_again_is_a_repetition(self, address: Address) -> None:
        service = apprise.Apprise()
        service.add(address("09120000001"))
        assert service.notify("سلامی دیگر")
        assert not service.notify("سلامی دیگر")

    @pytest.mark.parametrize("options", [{}, {"retry_after": 30}])
    def test_are_not_looked_for_long_where_the_service_is_merely_busy(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify, options: dict[str, Any]
    ) -> None:
        ippanel_sandbox.fault("status", path="/api/send", status=429, **options)
        before = sends(ippanel_sandbox)
        done = notify(address(*(f"0912000{number:04}" for number in range(900))))
        assert not done.ok
        assert "not accepted for 900 of 900 targets" in done.log
        assert sends(ippanel_sandbox) - before <= (1 if options else 9)


class TestLogHandlers:
    """A handler that notifies of what is logged meets the log of the notification itself."""

    @pytest.fixture
    def handled(self) -> Iterator[Callable[..., list[bool]]]:
        root = logging.getLogger()
        added: list[logging.Handler] = []

        def install(*urls: str, level: int) -> list[bool]:
            service = apprise.Apprise()
            for url in urls:
                assert service.add(url)
            ends: list[bool] = []

            class Notifying(logging.Handler):
                def emit(self, record: logging.LogRecord) -> None:
                    ends.append(bool(service.notify(self.format(record))))

            added.append(Notifying(level))
            root.addHandler(added[-1])
            return ends

        yield install
        for handler in added:
            root.removeHandler(handler)

    def test_a_failure_is_not_followed_by_a_text_about_it(
        self, ippanel_sandbox: RunningSandbox, address: Address, handled: Callable[..., list[bool]]
    ) -> None:
        before = sends(ippanel_sandbox)
        ends = handled(address(key="wrong"), level=logging.ERROR)
        logging.getLogger("program").error("دیسک پُر است")
        assert not any(ends)
        assert sends(ippanel_sandbox) - before == 1

    def test_an_accepted_text_is_no_failure(
        self, ippanel_sandbox: RunningSandbox, address: Address, handled: Callable[..., list[bool]]
    ) -> None:
        ends = handled(address(), level=logging.WARNING)
        logging.getLogger("program").error("دیسک پُر است")
        assert [message["text"] for message in ippanel_sandbox.messages()] == ["دیسک پُر است"]
        assert ends == [True]
