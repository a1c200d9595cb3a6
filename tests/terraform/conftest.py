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
from tests.terraform.packages import why_stand_in
from tests.terraform.recordings import scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_terraform.tf import TerraformStateJson

HERE = Path(__file__).parent
UNAVAILABLE = pytest.StashKey[str]()
STAND_IN = pytest.StashKey[str]()


@pytest.hookimpl(trylast=True)  # after the plugin, whose choices it corrects
def pytest_configure(config: pytest.Config) -> None:
    """Decide between real Terraform and recordings, before the test modules make their fixtures."""
    try:
        Terraform(HERE / "terraform" / "deployed").init()
    except TerraformUnavailable as unavailable:
        config.stash[UNAVAILABLE] = str(unavailable)
        tf.LazyReplay.value = True
    else:
        tf.LazyReplay.value = False
    # Its fixtures for xdist share one deployment between processes, and tear down what a replay never made.
    tf.terraform.scope_class_map = defaultdict(lambda: tf.TerraformFixture)


def pytest_terraform_modify_state(tfstate: TerraformStateJson) -> None:
    """Record what is the same on every machine and for every package."""
    tfstate.update_dict(scrubbed(tfstate.dict))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what stood in for Terraform or for the package before this one, and why."""
    if why := config.stash.get(STAND_IN, ""):
        terminalreporter.write_line(f"The upgrade was made from a stand-in for the package before. {why}")
    if UNAVAILABLE in config.stash:
        terminalreporter.write_line(f"Terraform fixtures were replayed from recordings. {config.stash[UNAVAILABLE]}")


@pytest.fixture(scope="package", autouse=True)
def _no_recordings_in_ci(pytestconfig: pytest.Config) -> None:
    if UNAVAILABLE in pytestconfig.stash and os.environ.get("CI") == "true":
        pytest.fail(
            f"CI is true, so recordings and skips will not do. {pytestconfig.stash[UNAVAILABLE]}", pytrace=False
        )


@pytest.fixture(scope="package", autouse=True)
def served_aws(pytestconfig: pytest.Config, _no_recordings_in_ci: None) -> Iterator[EmbeddedAWS | None]:
    """One embedded AWS for every deployment, which pytest-terraform's fixtures find in the environment."""
    if UNAVAILABLE in pytestconfig.stash:
        yield None
        return
    with EmbeddedAWS(server=True) as aws, pytest.MonkeyPatch.context() as environment:
        environment.setenv("TF_VAR_endpoint", str(aws.endpoint_url))
        environment.setenv("CHECKPOINT_DISABLE", "1")
        if plugins := chosen_plugin_dir():
            environment.setenv("TF_CLI_ARGS_init", f"-plugin-dir={plugins}")
            environment.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
        if not Path(os.environ.get("TF_CLI_CONFIG_FILE", "")).is_file():
            environment.delenv("TF_CLI_CONFIG_FILE", raising=False)
        yield aws


@pytest.fixture(scope="package")
def real_terraform(pytestconfig: pytest.Config) -> None:
    """Skip what has no recording if there is no Terraform."""
    if UNAVAILABLE in pytestconfig.stash:
        pytest.skip(f"It needs real Terraform. {pytestconfig.stash[UNAVAILABLE]}")


@pytest.fixture(scope="package", autouse=True)
def lifecycle(
    request: pytest.FixtureRequest, served_aws: EmbeddedAWS | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lifecycle | None]:
    """Two instances' life, begun before the other tests so that it goes on beside them."""
    if served_aws is None:
        yield None
        return
    lifecycle = Lifecycle(served_aws, tmp_path_factory.mktemp("lifecycle"))
    if any("life" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.config.stash[STAND_IN] = why_stand_in()
        lifecycle.start()
    yield lifecycle
    lifecycle.stop()


@pytest.fixture(scope="package", autouse=True)
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
