"""Fixtures that more than one test module uses."""

import pytest

from tests.support.embedded_aws import EmbeddedAWS


@pytest.fixture
def aws(monkeypatch):
    with EmbeddedAWS() as embedded:
        for name, value in embedded.environment().items():
            monkeypatch.setenv(name, value)
        yield embedded
