"""Build lambda_src/dist: function.zip (the function's code) and layer.zip (what requirements.txt pins).

Both come out the same on any machine: names sorted, times and modes fixed. function.zip is stored, so not even the
compressor's version can change a byte of it; layer.zip is deflated, so it is compared entry by entry.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LAMBDA_SRC = Path(__file__).resolve().parent.parent / "lambda_src"
DIST = LAMBDA_SRC / "dist"
# The earliest time that the zip format can express.
EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644


def archive(entries: dict[str, bytes], compression: int) -> bytes:
    """Zip `entries` (name to content) with sorted names, fixed times and mode 0644."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zip_file:
        for name, content in sorted(entries.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3  # Unix, so that external_attr is read as a mode
            info.external_attr = MODE << 16
            info.compress_type = compression
            zip_file.writestr(info, content)
    return buffer.getvalue()


def contents(package: bytes) -> dict[str, bytes]:
    """Return what a zip holds: name to content."""
    with zipfile.ZipFile(io.BytesIO(package)) as zip_file:
        return {info.filename: zip_file.read(info) for info in zip_file.infolist() if not info.is_dir()}


def function_package() -> bytes:
    """Return function.zip: every Python file of table_sync, stored."""
    sources = (LAMBDA_SRC / "table_sync").rglob("*.py")
    return archive({path.relative_to(LAMBDA_SRC).as_posix(): path.read_bytes() for path in sources}, zipfile.ZIP_STORED)


def layer_package() -> bytes:
    """Return layer.zip: the wheels that requirements.txt pins, as they are published, below python/.

    Raises:
        subprocess.CalledProcessError: pip could not get a wheel, or its hash is not the pinned one.

    """
    entries: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as wheels:
        # pip's environment markers follow the interpreter; the wheels must be pure Python, so any will do.
        command = ["download", "-qq", "--no-deps", "--require-hashes", "--only-binary=:all:", "--platform=any"]
        requirements = str(LAMBDA_SRC / "requirements.txt")
        subprocess.run(  # noqa: S603 (a fixed command)
            [sys.executable, "-m", "pip", *command, "--dest", wheels, "--requirement", requirements], check=True
        )
        for wheel in Path(wheels).glob("*.whl"):
            entries |= {f"python/{name}": content for name, content in contents(wheel.read_bytes()).items()}
    return archive(entries, zipfile.ZIP_DEFLATED)


def stale() -> list[str]:
    """Return a sentence for each committed package that does not match its sources."""
    problems = []
    if not (DIST / "function.zip").exists() or (DIST / "function.zip").read_bytes() != function_package():
        problems.append("lambda_src/dist/function.zip does not match lambda_src/table_sync: run make package.")
    if not (DIST / "layer.zip").exists() or contents((DIST / "layer.zip").read_bytes()) != contents(layer_package()):
        problems.append("lambda_src/dist/layer.zip does not match lambda_src/requirements.txt: run make package.")
    return problems


def main() -> int:
    """Build both packages, or with --check say which is stale (exit code 1)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="build nothing, exit 1 if a package is stale")
    if parser.parse_args().check:
        problems = stale()
        print("\n".join(problems) or "Both packages match their sources.")
        return 1 if problems else 0
    DIST.mkdir(exist_ok=True)
    (DIST / "function.zip").write_bytes(function_package())
    # Another compressor's bytes for the same entries are no reason for a new layer version in every deployment.
    if any("layer.zip" in problem for problem in stale()):
        (DIST / "layer.zip").write_bytes(layer_package())
    for name in ("function.zip", "layer.zip"):
        print(f"lambda_src/dist/{name}: {(DIST / name).stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
