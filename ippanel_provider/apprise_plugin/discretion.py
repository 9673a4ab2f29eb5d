"""Apprise logs the URL it could not load, in older versions with its key, in all with its numbers. Ours are left
out."""

from __future__ import annotations

import logging
import re

from ippanel_provider.apprise_url import SCHEME

# To the end of its line, because people write spaces and quotes into one, and with the slips of a hand. Of a URL
# without its colon Apprise 1.9 makes http://ippanel/... before it logs it.
_URL = re.compile(rf"(?:{SCHEME}(?:://?|//)|https?://{SCHEME}/)[^\r\n]*", re.IGNORECASE)


class _Discreet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if _URL.search(said):
            # Below DEBUG stands a URL taken apart, where no pattern would find all of it.
            if record.levelno < logging.DEBUG:
                return False
            record.msg, record.args = _URL.sub(f"{SCHEME}://****", said), ()
        return True


_filter = _Discreet()


def keep() -> None:
    """Take the URLs of this scheme out of what Apprise logs. Calling it again does no harm."""
    logging.getLogger("apprise").addFilter(_filter)
