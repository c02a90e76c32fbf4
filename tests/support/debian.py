"""Debian's programs for tests, unpacked beside the environment, so that nothing is installed or started."""

import shutil
import subprocess
import tempfile
from pathlib import Path

UNPACKED = Path(__file__).parents[2] / ".venv" / "debian"


def program(name: str, package: str = "") -> Path:
    """A program on the path, or from a package of Debian."""
    if found := shutil.which(name):
        return Path(found)
    unpacked = UNPACKED / "usr" / "bin" / name
    if not unpacked.exists():
        with tempfile.TemporaryDirectory(prefix="doorstep-debian-") as folder:
            _run(["apt-get", "download", "-q", package or name], folder)
            for archive in Path(folder).glob("*.deb"):
                _run(["dpkg-deb", "-x", str(archive), str(UNPACKED)], folder)
    return unpacked


def _run(command: list[str], folder: str) -> None:
    """Run a command; where it fails, once more after fetching the lists of packages, which images often lack."""
    if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode:
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
