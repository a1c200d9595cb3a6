"""Fixtures that more than one proof uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.proof.planned_policies import Planned, plan
from tests.support.embedded_aws import event_patterns

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def plans(once: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, str]]]:
    """Return what `plan` returns."""
    plans: dict[str, dict[str, dict[str, str]]] = once("plans", lambda: plan(tmp_path_factory.mktemp("plans")))
    return plans


@pytest.fixture(scope="session")
def planned(plans: dict[str, dict[str, dict[str, str]]]) -> dict[str, dict[str, Planned]]:
    """Return the roles' policies by what is planned and by role, "function" or "recorder".

    Planned are each toggle alone, none, all, all with every input that grants something, all with records, and some
    tables.
    """
    return {
        name: {role: Planned(json.loads(document), len(document)) for role, document in found["policies"].items()}
        for name, found in plans.items()
    }


@pytest.fixture(scope="session")
def planned_rules(plans: dict[str, dict[str, dict[str, str]]]) -> dict[str, dict[str, Any]]:
    """Return the patterns of the rules by what is planned and by restore type; that of recorded calls by "changes"."""
    return {
        name: {rule: event_patterns.parse(pattern) for rule, pattern in found["patterns"].items()}
        for name, found in plans.items()
    }
