"""``python -m ippanel_provider.cli``."""

import sys

from ippanel_provider.cli import main

sys.exit(main())
