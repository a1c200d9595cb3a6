"""Runs tests against mutants of the function: each in a process of its own, forked from one that has all imports.

A first run notes which test runs which line. A mutant then meets the tests of its line, the quickest first, until one
fails. It survives if none does within its time.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.mutants.mutations import Mutant, changed, mutants, noting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType

ROOT = Path.cwd()
CODE = ROOT / "lambda_src" / "table_sync"
WORK = ROOT / ".work" / "mutants"


def _tests_of_settings(directory: str) -> list[str]:
    """Return the files of a directory that has one for each setting."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / directory).glob("test_*.py"))


# Tests that look at the function by its results: pure ones, and restores in this process.
# What modules define is compared with settings.tf, and with what is known of each setting.
OF_DEFINITIONS = ("tests/terraform/test_settings_file.py", "tests/unit/test_source.py")
PURE_FILES = [
    *OF_DEFINITIONS,
    "tests/unit/test_access.py",
    "tests/unit/test_api_shape.py",
    "tests/unit/test_attached_tags.py",
    "tests/unit/test_aws.py",
    "tests/unit/test_backoff.py",
    "tests/unit/test_cli_differences.py",
    "tests/unit/test_config.py",
    "tests/unit/test_errors.py",
    "tests/unit/test_invocation.py",
    "tests/unit/test_not_copied.py",
    "tests/unit/test_records.py",
    "tests/unit/test_rename.py",
    "tests/unit/test_restore.py",
    "tests/unit/test_setting_secrets.py",
    "tests/unit/test_settings.py",
    *_tests_of_settings("tests/unit/settings"),
    "tests/unit/test_sync.py",
    "tests/unit/test_table_filter.py",
    "tests/facts/test_meanings.py",
    "tests/proof/test_plans.py",
    "tests/proof/test_faults.py",
]
FILES = [
    *PURE_FILES,
    *_tests_of_settings("tests/integration/settings"),
    "tests/integration/test_cli.py",
    "tests/integration/test_default_settings.py",
    "tests/integration/test_messages.py",
    "tests/integration/test_obstacles.py",
    "tests/integration/test_outcome_events.py",
    "tests/integration/test_outdated_boto3.py",
    "tests/integration/test_restore.py",
    "tests/integration/test_restore_types.py",
    "tests/integration/test_secrets.py",
    "tests/integration/test_source_gone.py",
    "tests/integration/test_which_tables.py",
    "tests/proof/test_bench.py",
    "tests/proof/test_concurrency.py",
    "tests/proof/test_recorded_values.py",
    "tests/proof/test_time_limit.py",
]
# These take as long as ten others.
LEFT_OUT = ("longest_wait_of_a_day", "restore_of_six_hours", "sample_ends_as_the_matrix")

# Of the tests' own time, as it was measured in the first run: when a mutant counts as hung.
PATIENCE = 8
AT_LEAST_SECONDS = 90

KILLED, SURVIVED, HUNG = "killed", "survived", "hung"


@dataclass
class Test:
    """A test, and what it runs."""

    seconds: float = 0.0
    lines: dict[str, list[int]] = field(default_factory=dict)


def measured(processes: int, files: Sequence[str]) -> dict[str, Test]:
    """Return each test with its time and lines: measured once for the same code and tests, which takes minutes."""
    files = [file for file in files if (ROOT / file).exists()]
    sources = sorted([*CODE.rglob("*.py"), *(ROOT / file for file in files)])
    version = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    kept = WORK / f"lines-{version}.json"
    if not kept.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        parts = [WORK / f"part-{number}.json" for number in range(len(files))]
        jobs = [(lambda file=file, part=part: _trace(file, part)) for file, part in zip(files, parts, strict=True)]
        codes = {files[number]: code for code, number in _forked(jobs, processes, [3600.0] * len(jobs))}
        if failed := [file for file, code in codes.items() if code != 0]:
            raise RuntimeError(f"Tests fail without any mutant, those of {', '.join(failed)}: run them alone.")
        together = {name: test for part in parts for name, test in json.loads(part.read_text()).items()}
        kept.write_text(json.dumps(together))
    return {name: Test(test["seconds"], test["lines"]) for name, test in json.loads(kept.read_text()).items()}


class _Notes:
    """Notes the lines of the function that each test runs; pytest calls it."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, set[int]] = {}

    def of(self, file: str) -> Callable[[int], None]:
        """Return what takes the lines of a file."""
        lines = self._lines[file] = set()
        return lines.add

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for lines in self._lines.values():
            lines.clear()
        started = _spent()
        try:
            return (yield)  # type: ignore[return-value]
        finally:
            run = {file: sorted(lines) for file, lines in self._lines.items() if lines}
            self.tests[item.nodeid] = {"seconds": _spent() - started, "lines": run}


def _spent() -> float:
    """Return the seconds of processor time of this process and those that it waited for, however busy the machine."""
    return sum(os.times()[:4])


def _trace(file: str, part: Path) -> int:
    notes = _Notes()
    for path in CODE.rglob("*.py"):
        name = path.relative_to(CODE).as_posix()
        code = compile(noting(path.read_text()), str(path), "exec")
        sys.meta_path.insert(0, _Importer(_module(name), path, code, __note__=notes.of(name)))
    code = pytest.main([*_options(), file, *_deselected()], plugins=[notes])
    part.write_text(json.dumps(notes.tests))
    return int(code)


def _module(file: str) -> str:
    return ".".join(("table_sync", *Path(file).with_suffix("").parts)).removesuffix(".__init__")


def _options() -> list[str]:
    return ["-q", "-x", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=0", "--no-summary"]


def _deselected() -> list[str]:
    return ["-k", " and ".join(f"not {name}" for name in LEFT_OUT)]


class _Importer(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in the place of its module."""

    def __init__(self, module: str, path: Path, code: CodeType, **names: object) -> None:
        self._module, self._path, self._code, self._names = module, path, code, names

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        package = [str(self._path.parent)] if self._path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=self, submodule_search_locations=package
        )

    def exec_module(self, module: Any) -> None:
        module.__dict__.update(self._names)
        exec(self._code, module.__dict__)  # noqa: S102 (our own code, changed)


@dataclass(frozen=True)
class Result:
    """A mutant, and what became of it."""

    file: str
    mutant: Mutant
    fate: str
    tests: int
    """How many it met."""


def tests_of(file: str, line: int, tests: dict[str, Test], most_seconds: float) -> list[str]:
    """Return the tests to run against a mutant: those that run its line, and together take at most so long.

    Those that are named after the file come first, all of them, and the quickest of these and of the others before the
    slower ones. A line that only the import runs is that of OF_DEFINITIONS, all of which come first too, of every test
    of its file, and of tests that run no line of the function: they look at what its modules define.
    """
    of_line = [name for name, test in tests.items() if line in test.lines.get(file, ())]
    at_import = [
        name for name, test in tests.items() if file in test.lines or not test.lines or name.startswith(OF_DEFINITIONS)
    ]
    first = () if of_line else OF_DEFINITIONS
    stem = Path(file).stem

    def is_later(name: str) -> bool:
        return stem not in name and not name.startswith(first)

    chosen, total = [], 0.0
    for name in sorted(of_line or at_import, key=lambda name: (is_later(name), tests[name].seconds, name)):
        total += tests[name].seconds
        if chosen and is_later(name) and total > most_seconds:
            break
        chosen.append(name)
    return chosen


def of_parts(parts: Sequence[str], sample: int | None, seed: int) -> list[tuple[str, Mutant]]:
    """Return the mutants of parts of the function, each with its file, or a sample of as many of all of them.

    A part is the beginning of a file's path in the package, such as "settings/", or a line of one: "sync.py:26".

    Raises:
        ValueError: a part is no file, or a line without mutants.

    """
    paths = tuple(part.partition(":")[0] for part in parts)
    files = sorted(path.relative_to(CODE).as_posix() for path in CODE.rglob("*.py"))
    files = [file for file in files if file.startswith(paths)]
    every = [(file, mutant) for file in files for mutant in mutants((CODE / file).read_text())]
    for part, path in zip(parts, paths, strict=True):
        if not any(file.startswith(path) for file in files) or (
            part != path and not any(_is_of(part, *one) for one in every)
        ):
            raise ValueError(f"{part} has no mutants: name a file of lambda_src/table_sync, or a line of its code.")
    chosen = [one for one in every if any(_is_of(part, *one) for part in parts)]
    if sample is None or sample >= len(chosen):
        return chosen
    return random.Random(seed).sample(chosen, sample)  # noqa: S311 (a sample that is the same each time)


def _is_of(part: str, file: str, mutant: Mutant) -> bool:
    path, _, line = part.partition(":")
    return file.startswith(path) and line in ("", str(mutant.line))


def run(
    every: Sequence[tuple[str, Mutant]], tests: dict[str, Test], processes: int, most_seconds: float
) -> Iterator[Result]:
    """Run the tests against every mutant, at most so many seconds of them."""
    chosen = [tests_of(file, mutant.line, tests, most_seconds) for file, mutant in every]
    jobs = [
        (lambda file=file, mutant=mutant, names=names: _meet(file, mutant, names))
        for (file, mutant), names in zip(every, chosen, strict=True)
    ]
    limits = [max(AT_LEAST_SECONDS, PATIENCE * sum(tests[name].seconds for name in names)) for names in chosen]
    for code, number in _forked(jobs, processes, limits):
        file, mutant = every[number]
        if code is not None and code < 0:
            raise RuntimeError(f"Signal {-code} from outside ended the tests of {file}: {mutant.name}; run it again.")
        fate = HUNG if code is None else SURVIVED if code == pytest.ExitCode.OK else KILLED
        yield Result(file, mutant, fate, len(chosen[number]))


def _meet(file: str, mutant: Mutant, names: list[str]) -> int:
    if not names:
        return int(pytest.ExitCode.OK)
    path = CODE / file
    sys.meta_path.insert(
        0, _Importer(_module(file), path, compile(changed(path.read_text(), mutant), str(path), "exec"))
    )
    return int(pytest.main([*_options(), *names]))


def _forked(
    jobs: Sequence[Callable[[], int]], processes: int, limits: Sequence[float]
) -> Iterator[tuple[int | None, int]]:
    """Run the jobs in forks, so many at a time; yield the exit code of each, None after its limit, and its number."""
    running: dict[int, tuple[int, float]] = {}
    waiting = list(range(len(jobs)))
    while waiting or running:
        while waiting and len(running) < processes:
            number = waiting.pop(0)
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                _child(jobs[number])
            running[child] = (number, time.monotonic() + limits[number])
        child, status = os.waitpid(-1, os.WNOHANG)
        if child in running:
            number, _ = running.pop(child)
            yield os.waitstatus_to_exitcode(status), number
            continue
        for child, (number, until) in list(running.items()):
            if time.monotonic() > until:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                del running[child]
                yield None, number
        time.sleep(0.05)


def _child(job: Callable[[], int]) -> None:
    os.setpgid(0, 0)
    os.environ["HYPOTHESIS_PROFILE"] = "few"
    log = os.open(WORK / f"output-{os.getpid()}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 70
    try:
        code = job()
    finally:
        sys.stdout.flush()
        if code == 0 or code == int(pytest.ExitCode.TESTS_FAILED):
            (WORK / f"output-{os.getpid()}.txt").unlink(missing_ok=True)
        os._exit(code)
