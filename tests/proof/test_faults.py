"""Every error that AWS declares for every call of the function ends as docs/fault-matrix.md says."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from table_sync import settings
from tests.proof.fault_matrix import (
    DOCUMENT,
    FOR_EVER,
    HEADING,
    ONCE,
    ending,
    open_account,
    read_document,
    steps,
)

CODE = Path(settings.__file__).parents[1]
MAKE = "run `make fault-matrix`, and see whether you like what has changed"
PARTS = 4


@pytest.fixture(scope="module")
def account():
    with open_account() as opened:
        yield opened


@pytest.fixture(scope="module")
def every_step(account):
    return steps(account)


def services_and_words(path):
    """Return the services of which the code makes clients, and every word in it that may be an operation."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    services = set(botocore.session.get_session().get_available_services())
    return strings & services, strings | attributes


def test_the_matrix_has_every_operation_that_the_code_names(every_step):
    missing = set()
    covered = {(step.service, step.operation) for step in every_step}
    for path in CODE.rglob("*.py"):
        # Command and recorder are no part of a restore, and no restore of the matrix needs a record.
        if {"command_line", "recording", "records"} & set(path.parts):
            continue
        services, words = services_and_words(path)
        for service in services:
            operations = botocore.session.get_session().get_service_model(service).operation_names
            named = {(service, name) for name in operations if {name, xform_name(name)} & words}
            missing |= named - covered
    assert missing == set()


def test_the_matrix_on_paper_has_every_error_of_every_call_with_its_meaning(every_step):
    assert DOCUMENT.read_text().startswith(HEADING), MAKE
    on_paper = {key: taken_for for key, (taken_for, *_) in read_document().items()}
    in_code = {(step.name, str(error)): step.taken_for(error) for step in every_step for error in step.errors}
    assert on_paper == in_code, MAKE


def test_each_ending_on_paper_is_one_to_which_the_error_s_meaning_may_lead(every_step):
    on_paper = read_document()
    wrong = [
        (step.name, str(error), said)
        for step in every_step
        for error in step.errors
        for times, said in zip((ONCE, FOR_EVER), on_paper[step.name, str(error)][1:], strict=True)
        if said.partition(" after ")[0] not in step.endings(error, times)
    ]
    assert wrong == []


@pytest.mark.parametrize("part", range(PARTS))
def test_a_sample_ends_as_the_matrix_on_paper_says(account, every_step, figures, part):
    """One error of each call, another one from call to call, in turn once and for ever."""
    on_paper = read_document()
    wrong, kinds = [], Counter()
    for number, step in list(enumerate(every_step))[part::PARTS]:
        error = step.errors[number % len(step.errors)]
        column, times = ((1, ONCE), (2, FOR_EVER))[number % 2]
        ended = ending(account, step, error, times)
        kinds[ended.kind] += 1
        if ended.violations or str(ended) != on_paper[step.name, str(error)][column]:
            wrong.append((step.name, str(error), times, str(ended), ended.violations))
    figures("errors of calls, a sample of the fault matrix", tried=kinds.total(), **kinds)
    assert wrong == [], MAKE
