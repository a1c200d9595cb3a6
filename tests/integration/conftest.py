"""The function behind its rule and queue, deployed anew for each test."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.embedded_aws import EmbeddedAWS


@pytest.fixture
def deploy(aws: EmbeddedAWS) -> Iterator[Callable[..., Pipeline]]:
    """Deploy the pipeline with other options than the defaults."""
    with ExitStack() as exits:
        yield lambda **options: exits.enter_context(Pipeline(aws, **options))


@pytest.fixture
def pipeline(deploy: Callable[..., Pipeline]) -> Pipeline:
    """Deploy the pipeline with the defaults."""
    return deploy()
