"""Mutants of the Terraform code, from terraform.toml: each has to be noticed by the tests that it names."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

DATA = Path(__file__).parent / "terraform.toml"
ROOT = Path.cwd()
COPIED = ("*.tf", "lambda_src", "tests", "scripts", "examples", "pyproject.toml", "docs", "README.md")
LONGEST_SECONDS = 1200


def main(sample: int | None, seed: int) -> int:
    """Run each mutant, print which survive, and return 1 if one does."""
    entries = tomllib.loads(DATA.read_text())["mutant"]
    if sample is not None and sample < len(entries):
        entries = random.Random(seed).sample(entries, sample)  # noqa: S311 (a sample that is the same each time)
    survivors = []
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for pattern in COPIED:
            for path in ROOT.glob(pattern):
                if path.is_dir():
                    shutil.copytree(path, copy / path.name, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copyfile(path, copy / path.name)
        for entry in entries:
            survived = _survives(copy, entry)
            print(f"{'survived' if survived else 'killed'}: {entry['file']}: {entry['why']}", flush=True)
            survivors += [entry] * survived
    noticed = 100 * (1 - len(survivors) / len(entries))
    print(f"{noticed:.1f} % of {len(entries)} mutants of the Terraform code are noticed.")
    return 1 if survivors else 0


def _survives(copy: Path, entry: dict[str, str]) -> bool:
    path = copy / entry["file"]
    before = path.read_text()
    if before.count(entry["old"]) != 1:
        raise ValueError(f"{entry['file']} has not one place, but {before.count(entry['old'])}, of: {entry['old']}")
    path.write_text(before.replace(entry["old"], entry["new"]))
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *entry["tests"].split()]
        done = subprocess.run(  # noqa: S603 (our own tests)
            command,
            cwd=copy,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
        # 1: a test failed. Anything else but 0 is no proof: the mutant must be valid.
        if done.returncode not in (0, 1) or "Invalid expression" in done.stdout:
            raise RuntimeError(f"The tests could not run against {entry['why']}:\n{done.stdout[-2000:]}")
        return done.returncode == 0
    finally:
        path.write_text(before)
