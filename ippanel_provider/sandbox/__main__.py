"""``python -m ippanel_provider.sandbox``."""

import sys

from .server import main

if __name__ == "__main__":
    sys.exit(main())
