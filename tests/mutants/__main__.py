"""Mutation testing: what the tests would not notice. `make mutants` runs it; `--help` says how.

Exit code 1: the score of a part is below its bound. A survivor with a reason in accepted.toml counts as noticed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

# Imported once, for all the processes that are forked from this one. Nothing of the function is among them.
import hypothesis
import pytest

import tests.support.embedded_aws  # noqa: F401 (see above)
from tests.mutants import python, terraform

# Per cent of the mutants that the tests have to notice.
BOUNDS = {"settings/": 90, "sync.py": 90, "errors.py": 90, "restore.py": 90}
EXPLAINED = "explained"
ACCEPTED = Path(__file__).parent / "accepted.toml"


def main(arguments: list[str]) -> int:
    """Run what is asked for, print scores and survivors, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("parts", nargs="*", help="of the function: settings/, settings/ttl.py, or a line: sync.py:26")
    parser.add_argument("--sample", type=int, metavar="N", help="as many mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=40, help="of tests that each mutant meets at most (40)")
    parser.add_argument("--pure", action="store_true", help="without the tests that restore a table, in minutes")
    parser.add_argument("--terraform", action="store_true", help="mutants of the Terraform code instead")
    options = parser.parse_args(arguments)
    if options.terraform:
        return terraform.main(options.sample, options.seed)
    return of_function(options)


def of_function(options: argparse.Namespace) -> int:
    """Run the mutants of the function's code."""
    try:
        every = python.of_parts(options.parts or list(BOUNDS), options.sample, options.seed)
        found = python.measured(options.processes, python.PURE_FILES if options.pure else python.FILES)
    except (ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    fates: dict[str, Counter[str]] = defaultdict(Counter)
    survivors: list[tuple[str, str, int, int]] = []
    for number, result in enumerate(python.run(every, found, options.processes, options.seconds), start=1):
        fates[result.file][result.fate] += 1
        if number % 50 == 0:
            print(f"{number} of {len(every)} mutants, {len(survivors)} survivors so far", file=sys.stderr, flush=True)
        if result.fate == python.SURVIVED:
            survivors.append((result.file, result.mutant.name, result.mutant.line, result.tests))
            print(f"survived {result.tests} tests: {result.file}:{result.mutant.line} {result.mutant.name}", flush=True)
    return _report(fates, survivors)


def _report(fates: dict[str, Counter[str]], survivors: list[tuple[str, str, int, int]]) -> int:
    """Print what came of it; a survivor that has a reason counts as noticed."""
    entries = tomllib.loads(ACCEPTED.read_text())["accepted"]
    accepted = {(entry["file"], entry["mutant"]): entry["reason"] for entry in entries}
    print("\nsurvivors")
    for file, name, line, met in sorted(survivors):
        reason = accepted.get((file, name), "")
        print(f"  {file}:{line} {name} ({met} tests){reason and f': {reason}'}")
        if reason:
            fates[file].subtract([python.SURVIVED])
            fates[file][EXPLAINED] += 1
    print("\nscores")
    for file, counts in sorted(fates.items()):
        print(f"{_score(counts):7.1f} %  {file}: {dict(counts)}")
    missed = 0
    for part, bound in BOUNDS.items():
        counts = sum((counts for file, counts in fates.items() if file.startswith(part)), Counter())
        if counts:
            score = _score(counts)
            missed += score < bound
            explained = counts[EXPLAINED]
            print(
                f"{score:7.1f} %  {part} in total, of {counts.total()} mutants, {explained} of them survivors with a "
                f"reason; at least {bound} % is wanted"
            )
    if missed:
        print(f"Write a test for what survived, or its reason into {ACCEPTED.name}.", file=sys.stderr)
    return 1 if missed else 0


def _score(counts: Counter[str]) -> float:
    return 100 * (1 - counts[python.SURVIVED] / counts.total())


if __name__ == "__main__":
    _ = hypothesis, pytest
    sys.exit(main(sys.argv[1:]))
