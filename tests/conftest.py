"""Fixtures that more than one test module uses."""

import shutil
import signal

import pytest

from tests.support.embedded_aws import EmbeddedAWS


def pytest_configure(config):
    # A shell starts background jobs with SIGINT ignored, and so would be every child that a test interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # pytest-terraform prefers OpenTofu, and without either program and without replay it ends the session.
    config.option.dest_tf_binary = shutil.which("terraform")
    if config.option.dest_tf_binary is None:
        config.option.dest_tf_replay = True


@pytest.fixture
def aws(monkeypatch):
    with EmbeddedAWS() as embedded:
        for name, value in embedded.environment().items():
            monkeypatch.setenv(name, value)
        yield embedded
