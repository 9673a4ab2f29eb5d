"""Ask a vulnerability service about everything the package can install: ``make audit``, or ``make audit SERVICE=pypi``.

A package the service knows nothing about was not looked at, and counts as that, not as sound.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])) or "uv"
VULNERABLE, NOT_ASKED = 1, 2


def main() -> int:
    """Return 0 when nothing is known against any of them, 1 when something is, 2 when not all could be asked about."""
    service = sys.argv[1] if len(sys.argv) > 1 else "osv"
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        resolve = ["--all-extras", "-c", "constraints.txt", "--no-header", "--no-emit-index-url", "--no-annotate"]
        subprocess.run([UV, "pip", "compile", "-q", *resolve, "pyproject.toml", "-o", wanted], cwd=ROOT, check=True)
        told = ["-r", wanted, "--no-deps", "--disable-pip", "-s", service, "-f", "json", "--progress-spinner", "off"]
        asked = subprocess.run([sys.executable, "-m", "pip_audit", *told], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except ValueError:
        print(f"{service} could not be asked: {asked.stderr.strip().rpartition(chr(10))[2]}", file=sys.stderr)
        return NOT_ASKED
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    found = [(package["name"], package["version"], flaw) for package in packages for flaw in package.get("vulns", [])]
    for name, version, flaw in found:
        print(f"{name} {version}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version'}")
    print(
        f"{service}: {len(packages) - len(unknown)} of {len(packages)} packages looked at, {len(found)} "
        f"vulnerabilities known"
    )
    if unknown:
        print(f"not looked at, because {service} does not know them: {', '.join(unknown)}", file=sys.stderr)
    return VULNERABLE if found else NOT_ASKED if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
