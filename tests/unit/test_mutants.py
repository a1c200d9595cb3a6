"""The mutants of `make mutants` are what they say, one change each."""

import ast
import subprocess
import sys
import tomllib

import pytest

from tests.mutants import python, terraform
from tests.mutants.__main__ import ACCEPTED
from tests.mutants.mutations import changed, mutants
from tests.support.terraform import REPOSITORY

SOURCE = '''"""A module."""
LIMIT = 3

def check(size: int) -> bool:
    """Say so."""
    logger.info("checked %s", size)
    for part in range(size):
        if not part:
            continue
        notify(part)
    if size > LIMIT and "x" in names:
        raise ValueError(f"{size} is too much")
    return True
'''
NAMES = [
    "module: 3 -> 4",
    "check: not part -> part",
    "check: continue -> break",
    "check: notify(part) -> pass",
    "check: if size > LIMIT and 'x' in names -> if not (size > LIMIT and 'x' in names)",
    "check: size > LIMIT and 'x' in names -> size > LIMIT or 'x' in names",
    "check: size > LIMIT -> size >= LIMIT",
    "check: 'x' in names -> 'x' not in names",
    "check: 'x' -> 'XXxXX'",
    "check: raise ValueError(f'{size} is too much') -> pass",
    "check: True -> False",
]


def test_operators_conditions_constants_and_effects_are_changed_and_nothing_that_is_only_said():
    assert [mutant.name for mutant in mutants(SOURCE)] == NAMES


def test_each_mutant_is_another_program():
    programs = {changed(SOURCE, mutant) for mutant in mutants(SOURCE)}
    assert len(programs - {ast.unparse(ast.parse(SOURCE))}) == len(NAMES)


def test_a_name_stays_when_lines_are_added_above():
    assert [mutant.name for mutant in mutants(f"import os\n\n{SOURCE}")] == NAMES


def test_equal_places_have_names_of_their_own():
    assert [mutant.name for mutant in mutants("a = 1\nb = 1")] == ["module: 1 -> 2", "module: 1 -> 2 (2)"]


def test_the_wording_of_a_reason_stays_and_what_decides_does_not():
    source = 'def plan(size):\n    return Outcome("failed", "the size is wrong") if size else ""'
    names = [mutant.name for mutant in mutants(source)]
    assert "plan: 'failed' -> 'XXfailedXX'" in names
    assert not any("the size is wrong' ->" in name for name in names)


def test_what_is_returned_becomes_something_that_differs():
    returned = {'""': ["return '' -> return 'XX'"], "False": ["False -> True"], "size": ["return size -> return None"]}
    for value, changes in returned.items():
        names = [mutant.name for mutant in mutants(f"def note(size):\n    return {value}")]
        assert names == [f"note: {change}" for change in changes]


def test_parts_are_files_directories_and_lines():
    of_file = python.of_parts(["sync.py"], None, 1)
    assert {file for file, _ in of_file} == {"sync.py"}
    (line, *_) = {mutant.line for _, mutant in of_file}
    of_line = [entry for entry in of_file if entry[1].line == line]
    assert python.of_parts([f"sync.py:{line}"], None, 1) == of_line
    assert python.of_parts([f"sync.py:{line}", "sync.py"], None, 1) == of_file
    assert {file.partition("/")[0] for file, _ in python.of_parts(["settings/", "errors.py"], None, 1)} == {
        "settings",
        "errors.py",
    }
    assert set(python.of_parts(["sync.py"], 5, 1)) < set(of_file)


@pytest.mark.parametrize("part", ["sync.py:0", "none.py"])
def test_a_part_that_is_not_there_is_named(part):
    with pytest.raises(ValueError, match=f"{part} has no mutants: name a file"):
        python.of_parts(["errors.py", part], None, 1)


def test_a_file_that_only_declares_has_no_mutants():
    assert python.of_parts(["restore.py"], None, 1) == []


def test_each_mutant_of_the_terraform_code_changes_one_place():
    entries = tomllib.loads(terraform.DATA.read_text())["mutant"]
    places = {entry["why"]: (REPOSITORY / entry["file"]).read_text().count(entry["old"]) for entry in entries}
    assert len(places) == len(entries)
    assert {why: number for why, number in places.items() if number != 1} == {}


def test_the_tests_that_a_mutant_of_the_terraform_code_meets_are_there():
    entries = tomllib.loads(terraform.DATA.read_text())["mutant"]
    tests = sorted({test for entry in entries for test in entry["tests"].split()})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *tests]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    assert done.returncode == 0, done.stdout


def test_each_survivor_with_a_reason_is_a_mutant():
    entries = tomllib.loads(ACCEPTED.read_text())["accepted"]
    accepted = {(entry["file"], entry["mutant"]) for entry in entries}
    every = {(file, mutant.name) for file, mutant in python.of_parts([file for file, _ in accepted], None, 1)}
    assert accepted - every == set()
    assert len(accepted) == len(entries)
