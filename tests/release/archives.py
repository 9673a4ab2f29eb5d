"""Build the two archives of a release, and look at what is in them: ``make build``."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ippanel_provider"


def main() -> int:
    """Build into ``dist/``, complain about each thing that is wrong, and print what was made."""
    dist = ROOT / "dist"
    dist.mkdir(exist_ok=True)
    for old in dist.glob("airflow_provider_ippanel-*"):
        old.unlink()
    build(ROOT, dist, "--sdist", "--wheel")
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *dist.iterdir()], check=True)
    (sdist,), (wheel,) = dist.glob("*.tar.gz"), dist.glob("*.whl")
    wrong = [*wrong_in_wheel(wheel), *wrong_in_metadata(wheel), *wrong_in_sdist(sdist), *wrong_in_rebuilt(sdist, wheel)]
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    for archive in (wheel, sdist):
        print(f"{archive.stat().st_size // 1024:6} kB  {archive.name}  sha256 {sha256(archive)}")
    return 1 if wrong else 0


def build(source: Path, target: Path, *what: str) -> None:
    """Build from a source tree, in an environment of its own."""
    subprocess.run(
        [sys.executable, "-m", "build", "--installer", "uv", *what, "--outdir", target, source],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def wrong_in_wheel(wheel: Path) -> list[str]:
    """The wheel holds every file of the package, the licence, and nothing else."""
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    info = next(name for name in inside if name.endswith(".dist-info/METADATA")).partition("/")[0]
    about = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    package = {name for name in tracked() if name.startswith(f"{PACKAGE}/")}
    return differences("the wheel", inside, package | about)


def wrong_in_sdist(sdist: Path) -> list[str]:
    """The source archive is the repository: whoever has it can build, test and change the package."""
    with tarfile.open(sdist) as archive:
        inside = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    return differences("the sdist", inside, tracked() | {"PKG-INFO"})


def wrong_in_metadata(wheel: Path) -> list[str]:
    """What an index shows of it, and what installers read."""
    with zipfile.ZipFile(wheel) as archive:
        inside = {name.rpartition("/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
        metadata = HeaderParser().parsestr(archive.read(inside["METADATA"]).decode())
    version = re.search(r'__version__ = "(.+)"', (ROOT / PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    expected = {
        "Name": "airflow-provider-ippanel",
        "Version": version[1] if version else None,
        "License-Expression": "Apache-2.0",
        "License-File": "LICENSE",
        "Requires-Python": ">=3.11",
    }
    wrong = [
        f"metadata: {field} is {metadata[field]!r} and not {value!r}"
        for field, value in expected.items()
        if metadata[field] != value
    ]
    # A licence expression and a licence classifier may not stand together.
    return wrong + [f"metadata: {name}" for name in metadata.get_all("Classifier", []) if name.startswith("License ::")]


def wrong_in_rebuilt(sdist: Path, wheel: Path) -> list[str]:
    """The wheel that the source archive makes is the same, to the byte."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        (source,) = Path(folder).iterdir()
        build(source, Path(folder) / "dist", "--wheel")
        (again,) = (Path(folder) / "dist").iterdir()
        return [] if again.name == wheel.name and sha256(again) == sha256(wheel) else ["the sdist makes another wheel"]


def tracked() -> set[str]:
    """The files of the repository; of an unpacked source archive, which has no history, all that are there."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        return {name for name in asked.stdout.split("\0") if name and (ROOT / name).exists()}
    with tarfile.open(next((ROOT / "dist").glob("*.tar.gz"))) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()} - {"PKG-INFO"}


def differences(where: str, found: set[str], expected: set[str]) -> list[str]:
    """Tell one set of files from another."""
    return [
        *(f"{name} is missing in {where}" for name in sorted(expected - found)),
        *(f"{name} is in {where}, and not in the repository" for name in sorted(found - expected)),
    ]


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
