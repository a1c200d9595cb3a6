"""Fixtures that more than one proof uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.proof.planned_policies import Planned, plan_policies

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def planned(once: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Planned]]:
    """Return the roles' policies by what is planned and by role, "function" or "recorder".

    Planned are each toggle alone, none, all, all with every input that grants something, and all with records.
    """
    documents = once("policies", lambda: plan_policies(tmp_path_factory.mktemp("policies")))
    return {
        name: {role: Planned(json.loads(document), len(document)) for role, document in roles.items()}
        for name, roles in documents.items()
    }
