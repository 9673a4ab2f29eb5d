"""Patterns under the codes the documents print, in each state."""

from __future__ import annotations

from ippanel_provider.sandbox.patterns import APPROVED
from ippanel_provider.sandbox.records import Pattern
from ippanel_provider.sandbox.state import Sandbox

_DEVICE = "پترن تست دستگاه ثبت شماره\r\n%number%"
_WELCOME = "خوش امدید: کد تایید شما %code%"
_NO_NAME = "لطفا نام مجموعه را در متن پترن درج نمایید تا گیرنده متوجه مرجع پیام باشد."


def fill(sandbox: Sandbox) -> None:
    """Put this chapter's examples into an empty sandbox."""
    for pattern in (
        _pattern(
            "8tx1asdf1q436n",
            "با سلام\r\nکد فعالسازی شما %code%",
            {"code": "integer"},
            0,
            "active",
            APPROVED,
            1731663808,
        ),
        _pattern("aibg4oasdasd4545tj5ht", _DEVICE, {"number": "string"}, 20, "active", APPROVED, 1735559975),
        _pattern("aibg4dsfertj5ht", _DEVICE, {"number": "string"}, 20, "active", APPROVED, 1735559975),
        _pattern("zcxxc465465zxc", _WELCOME, {"code": "string"}, 20, "inactive", _NO_NAME, 1739700243),
        _pattern("xxxxxxxxxxxxxxx", "کد شما: %code%", {"code": "string"}, 40, "active", APPROVED, 1739700243),
        _pattern(
            "jhaskdab45s6f4sfw",
            "پترن تستی %var% . کد شما %code%",
            {"var": "string", "code": "integer"},
            40,
            "pending",
            "",
            1748766452,
        ),
    ):
        sandbox.patterns.add(pattern)


def _pattern(
    code: str, message: str, variables: dict[str, str], length: int, status: str, comment: str, time: int
) -> Pattern:
    return Pattern(
        code,
        message,
        variables,
        status,
        description="description",
        comment=comment,
        updated=time,
        created=time,
        lengths=dict.fromkeys(variables, length),
        is_example=True,
    )
