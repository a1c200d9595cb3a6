"""Every error that AWS declares for every call of the function: classified, never unhandled, and no message lost."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from table_sync import settings
from tests.proof.account import FULL, Account
from tests.proof.fault_matrix import DOCUMENT, HEADING, MAX_ATTEMPTS, read_document, row, steps

CODE = Path(settings.__file__).parents[1]
MAKE = "run `make fault-matrix`, and see whether you like what has changed"
# So that they can run side by side.
PARTS = 4
COUNTS = Counter()


@pytest.fixture(scope="module")
def account():
    with Account(max_attempts=MAX_ATTEMPTS, MAX_ATTEMPTS=str(MAX_ATTEMPTS)) as opened:
        yield opened


@pytest.fixture(scope="module")
def every_step(account):
    return steps(account)


def named_in(path):
    """Return every word in the code that may be an operation: attributes, and strings."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def sample(number, step):
    """Return one error of each meaning, another one for each call; and no answer, after which AWS has done it."""
    by_meaning = {}
    for error in step.errors[:-1]:
        by_meaning.setdefault(step.meaning(error), []).append(error)
    return [*(errors[number % len(errors)] for errors in by_meaning.values()), step.errors[-1]]


def test_the_matrix_has_every_operation_that_the_code_names(every_step):
    session = botocore.session.get_session()
    operations = {
        spelling: name
        for service in {step.service for step in every_step}
        for name in session.get_service_model(service).operation_names
        for spelling in (name, xform_name(name))
    }
    files = [CODE / "aws.py", CODE / "queue.py", *(CODE / "settings").glob("*.py")]
    named = {operations[word] for path in files for word in named_in(path) if word in operations}
    assert named - {step.operation for step in every_step} == set()


def test_the_matrix_on_paper_has_every_error_of_every_call_with_its_meaning(every_step):
    assert DOCUMENT.read_text().startswith(HEADING), MAKE
    on_paper = {key: meaning for key, (meaning, *_) in read_document().items()}
    assert on_paper == {(step.name, str(error)): step.meaning(error) for step in every_step for error in step.errors}, (
        MAKE
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_an_error_of_a_call_ends_as_the_matrix_on_paper_says(account, every_step, part, figures, subtests):
    on_paper = read_document()
    for number, step in list(enumerate(every_step))[part::PARTS]:
        with subtests.test(step.name):
            tried = step.errors if FULL else sample(number, step)
            rows = [row(account, step, error) for error in tried]
            assert [(row.error, violation) for row in rows for violation in row.violations] == []
            for found in rows:
                _, *endings = on_paper[step.name, str(found.error)]
                assert endings == [str(found.once), str(found.for_ever)], f"{found.error}: {MAKE}"
            kinds = Counter(ending.kind for row in rows for ending in (row.once, row.for_ever))
            COUNTS.update({"calls": 1, "errors": len(step.errors), "of these tried": len(tried)}, **kinds)
    figures("every error of every call, once and for ever", **COUNTS)
