"""The address of IPPanel in Apprise's terms: ``ippanel://KEY@FROM/TO1/TO2?options``. Pure text; needs no Apprise.

The address holds the API key and the recipients: never log it, never show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from ippanel_provider.service import Api
from ippanel_provider.tracebacks import discreet

SCHEME = "ippanel"


@discreet
def apprise_url(
    api_key: str,
    sender: str | None = None,
    recipients: Iterable[str | int] = (),
    *,
    api: Api = Api.EDGE,
    base_url: str | None = None,
    verify: bool | str = True,
    proxy: str | None = None,
    connect_timeout: float | None = None,
    read_timeout: float | None = None,
    options: Mapping[str, str] | None = None,
) -> str:
    """Return the Apprise URL of a connection.

    :param recipients: mobile numbers, or phonebooks as ``#12``; in any spelling.
    :param verify: False, or the path of a CA bundle.
    :param connect_timeout: seconds, as ``read_timeout``; None leaves both to the plugin.
    :param options: further options of the plugin, such as ``pattern``.
    """
    query: dict[str, str] = {}
    if api is not Api.EDGE:
        query["api"] = str(api)
    if base_url:
        query["url"] = base_url
    if verify is False:
        query["verify"] = "no"
    elif isinstance(verify, str):
        query["ca"] = verify
    if proxy:
        query["proxy"] = proxy
    if connect_timeout is not None:
        query["cto"] = f"{connect_timeout:g}"
    if read_timeout is not None:
        query["rto"] = f"{read_timeout:g}"
    return assembled(api_key, sender or "", map(str, recipients), query | dict(options or {}))


def assembled(api_key: str, sender: str, targets: Iterable[str], query: Mapping[str, str]) -> str:
    """Return the URL of parts that are quoted here."""
    path = "/".join(quote(part, safe="+") for part in (sender or "_", *targets))
    return f"{SCHEME}://{quote(api_key, safe='')}@{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
