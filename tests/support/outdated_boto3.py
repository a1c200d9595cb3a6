"""A boto3 that is older than a field of a setting's value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from table_sync.aws import session
from tests.settings import modules

if TYPE_CHECKING:
    import pytest

NEWER_FIELDS: dict[str, tuple[str, str, str]] = {
    name: module.NEWER_FIELD for name, module in modules().items() if hasattr(module, "NEWER_FIELD")
}
"""Service, shape and name, by setting."""


def take_away(monkeypatch: pytest.MonkeyPatch, service: str, shape: str, field: str) -> None:
    """Let botocore not know a field."""
    models = session().get_component("data_loader")
    monkeypatch.delitem(models.load_service_model(service, "service-2")["shapes"][shape]["members"], field)
