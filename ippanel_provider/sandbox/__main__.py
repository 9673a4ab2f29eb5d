"""``python -m ippanel_provider.sandbox``, and ``ippanel sandbox``."""

import sys
from collections.abc import Sequence

from ippanel_provider.extras import need

NEEDS = ("starlette", "uvicorn", "jinja2", "multipart", "openpyxl")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox with these arguments, the process's own when None; say which extra it needs where that is not installed."""
    try:
        for module in NEEDS:
            need(module, "sandbox")
    except ModuleNotFoundError as error:
        sys.stderr.write(f"ippanel sandbox: {error}\n")
        return 2
    from .server import main as serve

    return serve(argv)


if __name__ == "__main__":
    sys.exit(main())
