"""Terraform against the embedded AWS: applied for real where Terraform and the provider are, else replayed."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_terraform import tf

from tests.support.embedded_aws import EmbeddedAWS
from tests.support.terraform import Terraform, TerraformUnavailable, chosen_plugin_dir
from tests.terraform.examples import Examples
from tests.terraform.lifecycle import Lifecycle
from tests.terraform.recordings import scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_terraform.tf import TerraformStateJson

DEPLOYED = Path(__file__).parent / "terraform" / "deployed"


@pytest.hookimpl(trylast=True)  # after the plugin, whose choice it corrects
def pytest_configure() -> None:
    """Let pytest-terraform's fixtures be of one process, and replay until `served_aws` knows better."""
    tf.LazyReplay.value = True
    # Its fixtures for xdist share one deployment between processes, and tear down what a replay never made.
    tf.terraform.scope_class_map = defaultdict(lambda: tf.TerraformFixture)


def pytest_terraform_modify_state(tfstate: TerraformStateJson) -> None:
    """Record what is the same on every machine and for every package."""
    tfstate.update_dict(scrubbed(tfstate.dict))


@pytest.fixture(scope="package")
def unavailable(once: Callable[..., str], note: Callable[[str], None]) -> str:
    """Why there is no Terraform or no provider; "" if there is."""
    why = once("unavailable", _why_unavailable)
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"CI is true, so recordings and skips will not do. {why}", pytrace=False)
    if why:
        note(f"Terraform fixtures were replayed from recordings. {why}")
    return why


def _why_unavailable() -> str:
    try:
        Terraform(DEPLOYED).init()
    except TerraformUnavailable as unavailable:
        return str(unavailable)
    return ""


@pytest.fixture(scope="package")
def served_aws(unavailable: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAWS | None]:
    """One embedded AWS for every deployment, which pytest-terraform's fixtures find in the environment."""
    if unavailable:
        yield None
        return
    for fixture in tf.terraform.get_fixtures():
        fixture.replay = False
    with (
        EmbeddedAWS(server=True) as aws,
        Terraform(DEPLOYED).one_provider() as variables,
        pytest.MonkeyPatch.context() as environment,
    ):
        # Not in the environment, where SDKs of other tests would find it.
        config = tmp_path_factory.mktemp("aws") / "config"
        config.write_text(f"[default]\nendpoint_url = {aws.endpoint_url}\n")
        environment.setenv("TF_VAR_aws_config", str(config))
        environment.setenv("CHECKPOINT_DISABLE", "1")
        for name, value in variables.items():
            environment.setenv(name, value)
        if plugins := chosen_plugin_dir():
            environment.setenv("TF_CLI_ARGS_init", f"-plugin-dir={plugins}")
            environment.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
        if not Path(os.environ.get("TF_CLI_CONFIG_FILE", "")).is_file():
            environment.delenv("TF_CLI_CONFIG_FILE", raising=False)
        yield aws


@pytest.fixture(scope="package")
def real_terraform(unavailable: str) -> None:
    """Skip what has no recording if there is no Terraform."""
    if unavailable:
        pytest.skip(f"It needs real Terraform. {unavailable}")


@pytest.fixture(scope="package")
def lifecycle(
    request: pytest.FixtureRequest, served_aws: EmbeddedAWS | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lifecycle | None]:
    """Two instances' life, begun before the tests that want it, so that it goes on beside others."""
    if served_aws is None:
        yield None
        return
    lifecycle = Lifecycle(served_aws, tmp_path_factory.mktemp("lifecycle"))
    if any("life" in getattr(item, "fixturenames", ()) for item in request.session.items):
        lifecycle.start()
    yield lifecycle
    lifecycle.stop()


@pytest.fixture(scope="package")
def examples(
    request: pytest.FixtureRequest, served_aws: EmbeddedAWS | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Examples | None]:
    """The examples that tests of the session want applied, begun like the lifecycle and beside it."""
    if served_aws is None:
        yield None
        return
    examples = Examples(served_aws, tmp_path_factory.mktemp("examples"))
    wanted = {
        item.callspec.params["example"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and "applied" in item.fixturenames
    }
    examples.start(sorted(wanted))
    yield examples
    examples.stop()
