"""The authenticator's codes, by the RFC's own test values."""

from __future__ import annotations

import pytest

from ippanel_provider.client import InvalidInput, totp

RFC_KEY = b"12345678901234567890"


# RFC 6238, appendix B, shows eight digits; six are the last six of them.
@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_values_of_the_rfc(moment: int, code: str) -> None:
    assert totp.code(RFC_KEY, moment) == code


@pytest.mark.parametrize(
    "secret", ["JBSWY3DPEHPK3PXP", "jbsw y3dp ehpk 3pxp", " JBSWY3DPEHPK3PXP\n", "JBSWY3DPEHPK3PXP===="]
)
def test_a_secret_may_be_written_as_people_copy_it_and_be_short(secret: str) -> None:
    assert totp.key(secret) == b"Hello!\xde\xad\xbe\xef"


@pytest.mark.parametrize("secret", ["", "   ", "====", "not-a-secret-1890", "رمز", "A"])
def test_what_is_no_secret_is_refused_unseen(secret: str) -> None:
    with pytest.raises(InvalidInput, match="totp_secret: it is not base32") as caught:
        totp.key(secret)
    assert "1890" not in str(caught.value)
