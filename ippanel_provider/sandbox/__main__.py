"""``python -m ippanel_provider.sandbox``, and ``ippanel sandbox``."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from ippanel_provider.extras import missing

# Found but not imported: two of them take a while, and only files need them.
_NEEDED = ("starlette", "uvicorn", "jinja2", "python_multipart", "openpyxl")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox with these arguments, the process's own when None; say which extra it needs where that is not
    installed.
    """
    for module in _NEEDED:
        if find_spec(module) is None:
            sys.stderr.write(f"ippanel sandbox: {missing(module, 'sandbox')}\n")
            return 2
    from .server import main as serve

    return serve(argv)


if __name__ == "__main__":
    sys.exit(main())
