"""``ippanel apprise install | uninstall | status``: where tools find ``ippanel://``.

The ``apprise`` command reads a folder of plugins, so a file of a few lines there is enough. Tools that build a bare
``Apprise()`` read none; for them ``--site`` puts a line into the environment that Python runs at its start.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

_SHIM = "ippanel.py"
_PTH = "ippanel-apprise.pth"
_MARK = "# Written by `ippanel apprise install`; `ippanel apprise uninstall` removes it.\n"
_SHIM_TEXT = (
    _MARK
    + """try:
    from ippanel_provider.apprise_plugin import register
except ImportError as error:
    import logging
    import sys

    logging.getLogger("apprise").error(
        "the service ippanel is not available: %s. Install it for this Python: "
        "%s -m pip install 'airflow-provider-ippanel[apprise]'",
        error,
        sys.executable,
    )
else:
    register()
"""
)
# One line, as the format wants it. What is wrong with it must never end a program that has nothing to do with it.
_PTH_MARK = 'import sys; exec("try:\\n import ippanel_provider.'
_PTH_TEXT = (
    'import sys; exec("try:\\n import ippanel_provider.apprise_hook as hook\\n hook.install()\\nexcept '
    'Exception: pass")\n'
)

_ASK = """
import sys
try:
    import apprise
    from apprise.manager_plugins import NotificationManager
except ImportError:
    sys.exit("there is no Apprise in it")
manager = NotificationManager()
bare = "ippanel" in manager
manager.module_detection(sys.argv[1:])
if not bare and "ippanel" not in manager:
    sys.exit(f"Apprise {apprise.__version__} does not know ippanel://")
where = "a bare Apprise() too" if bare else "from the plugin folder"
print(f"Apprise {apprise.__version__} knows ippanel://, {where}")
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command ``apprise`` to those of ``ippanel``."""
    parser = subparsers.add_parser(
        "apprise", help="make ippanel:// known to Apprise, and to the tools that send through it"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, what in (
        ("install", "write the plugin file into Apprise's folder of plugins"),
        ("uninstall", "remove what install wrote"),
        ("status", "say what is installed and which Apprise finds it"),
    ):
        action = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".", allow_abbrev=False)
        action.add_argument(
            "--folder",
            type=Path,
            metavar="DIR",
            help="the folder of plugins (default: the one the apprise command reads)",
        )
        if name == "install":
            action.add_argument(
                "--site",
                action="store_true",
                help="add a start-up line to this Python environment instead, for tools that read no folder",
            )
    return parser


def run(args: argparse.Namespace) -> int:
    """Carry out the command; return the exit code: 0 done and known to Apprise, 1 not known, 2 it could not be done."""
    try:
        if args.action == "install":
            return _install_site() if args.site else _install_shim(args.folder or _default_folder())
        if args.action == "uninstall":
            return _uninstall([args.folder] if args.folder else _folders())
        return _status([args.folder] if args.folder else _folders())
    except OSError as error:
        if error.filename is None:  # no place of ours, but where this is written to
            raise
        return _say(
            f"{error.filename}: {error.strerror}. Choose another place with --folder, or run it as who owns this one.",
            2,
        )


def _install_shim(folder: Path) -> int:
    shim = folder / _SHIM
    if _is_anothers(shim):
        return _say(f"{shim} was written by someone else; move it away first, or choose another --folder.", 2)
    folder.mkdir(parents=True, exist_ok=True)
    _write(shim, _SHIM_TEXT)
    if folder not in _folders():
        _say(f"The apprise command reads this folder with -P {folder}, or with APPRISE_PLUGIN_PATH={folder}")
    return _status([folder])


def _install_site() -> int:
    pth = _site_folder() / _PTH
    if _is_anothers(pth):
        return _say(f"{pth} was written by someone else; move it away first.", 2)
    _write(pth, _PTH_TEXT)
    return _status(_folders())


def _uninstall(folders: list[Path]) -> int:
    written = [shim for folder in folders if _is_ours(shim := folder / _SHIM)]
    written += [pth for pth in (_site_folder() / _PTH,) if _is_ours(pth)]
    for file in written:
        file.unlink()
        _say(f"Removed {file}")
    return 0 if written else _say("Nothing is installed.", 0)


def _status(folders: list[Path]) -> int:
    shims = [shim for folder in folders if _is_ours(shim := folder / _SHIM)]
    pth = _site_folder() / _PTH
    _say(f"plugin file:   {', '.join(map(str, shims)) or 'none'}")
    _say(f"start-up line: {pth if pth.exists() else 'none'}")
    command = shutil.which("apprise")
    pythons = {sys.executable: "this Python"}
    if command and (interpreter := _interpreter(Path(command))):
        pythons[interpreter] = (
            "the apprise command" if interpreter != sys.executable else "this Python and the apprise command"
        )
    known = [_ask(name, python, shims) for python, name in pythons.items()]
    if not command:
        _say("the apprise command: none on the PATH")
    # The command is what people run; where there is none, it is the library that counts.
    return 0 if known[-1] else 1


def _ask(name: str, python: str, shims: list[Path]) -> bool:
    # From the plugin folder itself: the working directory must not lend it our package.
    asked = subprocess.run(  # noqa: S603 - an interpreter of this machine, and our own lines
        [python, "-c", _ASK, *map(str, shims)],
        capture_output=True,
        text=True,
        cwd=Path(python).parent,
        timeout=60,
        check=False,
    )
    lines = (asked.stdout if asked.returncode == 0 else asked.stderr).strip().splitlines()
    _say(f"{name} ({python}): {lines[-1] if lines else 'does not start'}")
    if asked.returncode and (shims or "no Apprise" in asked.stderr):
        _say(f"    it has to find the package: {python} -m pip install 'airflow-provider-ippanel[apprise]'")
    return asked.returncode == 0


def _interpreter(command: Path) -> str | None:
    """The Python that a console script names in its first line, or in its second where the path is a long one."""
    try:
        with command.open("rb") as opened:
            start = b"".join(opened.readline(1000) for _ in range(2)).decode("utf-8", "replace")
    except OSError:
        return None
    named = re.search(r"[^\s'\"!]*python[0-9.]*(?=['\"\s])", start)
    return named[0] if named and Path(named[0]).is_file() else None


def _folders() -> list[Path]:
    """Where the apprise command looks."""
    given = [
        Path(part.strip()).expanduser() for part in os.environ.get("APPRISE_PLUGIN_PATH", "").split(";") if part.strip()
    ]
    if sys.platform == "win32":
        roots = [os.environ.get(name) for name in ("APPDATA", "LOCALAPPDATA", "ALLUSERSPROFILE")]
        return given + [Path(root) / "Apprise" / "plugins" for root in roots if root]
    return [
        *given,
        Path.home() / ".apprise" / "plugins",
        Path.home() / ".config" / "apprise" / "plugins",
        Path("/var/lib/apprise/plugins"),
    ]


def _default_folder() -> Path:
    if os.environ.get("APPRISE_PLUGIN_PATH"):
        return _folders()[0]
    # ~/.apprise and ~/.config/apprise can also be configuration files.
    usable = [folder for folder in _folders() if not folder.parent.is_file()]
    return next((folder for folder in usable if folder.is_dir() and os.access(folder, os.W_OK)), usable[0])


def _site_folder() -> Path:
    return Path(sysconfig.get_path("purelib"))


def _is_ours(file: Path) -> bool:
    try:
        return not file.is_symlink() and file.read_text(encoding="utf-8").startswith((_MARK, _PTH_MARK))
    except (OSError, ValueError):
        return False


def _is_anothers(file: Path) -> bool:
    # What a link leads to is somebody's, and writing through it would change that.
    return (file.is_symlink() or file.exists()) and not _is_ours(file)


def _write(file: Path, text: str) -> None:
    """Write a file whole, in the place of our own or of none, and never through a link."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as opened:
        opened.write(text)
    draft.replace(file)
    _say(f"Wrote {file}")


def _say(line: str, code: int = 0) -> int:
    print(line, file=sys.stderr if code == 2 else sys.stdout)
    return code
