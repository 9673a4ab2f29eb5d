"""What reviewers and operators look for in a text, as of November 2026: data, to be replaced where yours differ."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WordLists:
    """The lists that the rules of :mod:`ippanel_provider.text.lint` go by.

    :param as_of: when the lists were looked through, as year and month
    :param refused_words: words for which texts are refused or filtered; compared word by word, in one spelling
    :param payment_hosts: where links go that take money; phishing uses them, so operators stop them
    :param shorteners: hosts of short links, behind which operators cannot see
    :param leftovers: what a table, a spreadsheet or a program leaves where nothing was; compared as they are
    """

    as_of: str = "2026-11"
    refused_words: Collection[str] = (
        *("برنده", "برندگان", "جایزه", "جایزه‌ای", "جوایز", "قرعه", "قرعه‌کشی", "قرعه‌کشی‌ها", "شرط‌بندی", "کازینو"),
        *("لاتاری", "بخت‌آزمایی"),
    )
    payment_hosts: Collection[str] = (
        *("zarinpal.com", "zarinp.al", "idpay.ir", "payping.ir", "payping.io", "pay.ir", "nextpay.org", "nextpay.ir"),
        *("shaparak.ir", "sep.ir", "asanpardakht.ir", "vandar.io", "bitpay.ir", "zibal.ir", "jibit.ir", "hamibash.com"),
    )
    shorteners: Collection[str] = (
        *("bit.ly", "t.co", "tinyurl.com", "goo.gl", "is.gd", "cutt.ly", "rb.gy", "yun.ir", "b2n.ir", "zaya.io"),
        *("opizo.com", "lnk.bio", "shorturl.at", "u.to", "plink.ir"),
    )
    leftovers: Collection[str] = (
        *("None", "nan", "NaN", "NaT", "null", "NULL", "undefined", "<NA>", "[object Object]", "_x000D_"),
        *("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"),
    )


WORD_LISTS = WordLists()
