"""What a sandbox, and whoever starts one from outside, both know without asking. Nothing but the standard library, as
in :mod:`.runner`.
"""

from ippanel_provider.service import SANDBOX_API_KEY

READY = "IPPanel sandbox ready: "
"""Begins the line that says where it listens."""
CA = "CA certificate "
"""Begins the line that says which file a client of ``--tls`` has to trust."""
API_KEY = SANDBOX_API_KEY
SENDER = "+983000505"
"""The line every account has."""
API_KEY_VARIABLE = "IPPANEL_SANDBOX_API_KEY"
"""Where the key can stand instead of among the arguments, which other users of the machine can read."""
