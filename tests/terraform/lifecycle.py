"""The life of two instances of the module in one account: planned, applied elsewhere, upgraded, used, destroyed."""

from __future__ import annotations

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.tables import make_table
from tests.support.terraform import REPOSITORY, Terraform, TerraformError
from tests.terraform.inventory import inventory
from tests.terraform.packages import OLDER_PACKAGE, PACKAGE
from tests.terraform.plans import changes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.embedded_aws import EmbeddedAWS

ROOT = "tests/terraform/two_instances"

INSTANCES = ("first", "second")


@dataclass
class Life:
    """What was seen on the way."""

    outputs: dict[str, dict[str, Any]]
    """Of each instance, from the first apply."""
    restores: dict[str, list[str]]
    """Message bodies that each instance's queue got for one restore that succeeded and one that failed."""
    older_code: dict[str, str]
    """CodeSha256 of each instance's function after the first apply."""
    upgrade: dict[str, list[str]]
    """What the plan of the upgrade does: resource address to actions."""
    code: dict[str, str]
    """CodeSha256 of each instance's function after the upgrade."""
    second_plan: dict[str, list[str]]
    """What a plan right after the upgrade would do."""
    left: list[str]
    """What AWS still has after destroy."""


class Lifecycle:
    """Lives a Life in a thread, because it mostly waits for queues to be created."""

    def __init__(self, aws: EmbeddedAWS, directory: Path) -> None:
        """Prepare to work in the empty `directory`."""
        self._aws = aws
        self._directory = directory
        self._state = directory / "terraform.tfstate"
        self._running: Terraform | None = None
        self._stopped = False
        self._executor = ThreadPoolExecutor(1)
        self._life: Future[Life] | None = None

    def start(self) -> None:
        """Begin."""
        self._life = self._executor.submit(self._live)

    def stop(self) -> None:
        """End early, if it is not over."""
        self._stopped = True
        if self._running:
            self._running.interrupt()
        self._executor.shutdown()

    def result(self) -> Life:
        """Wait for the end; raise what went wrong."""
        if self._life is None:
            self.start()
        return self._life.result()

    def _live(self) -> Life:
        planner, applier = (self._checkout(name) for name in ("planner", "applier"))
        with planner.one_provider(), applier.one_provider():
            return self._plan_and_apply(planner, applier)

    def _plan_and_apply(self, planner: Terraform, applier: Terraform) -> Life:
        self._plan(planner)
        self._apply_elsewhere(applier)
        outputs = applier.output()
        older_code = self._code()
        for terraform in (planner, applier):
            _package(terraform.directory).write_bytes(PACKAGE)
        self._plan(planner)
        upgrade = self._changes(planner)
        self._apply_elsewhere(applier)
        code = self._code()
        second_plan = self._changes(planner) if self._plan(planner) else {}
        restores = self._restore(outputs)
        self._run(applier).destroy()
        return Life(outputs, restores, older_code, upgrade, code, second_plan, self._left())

    def _checkout(self, name: str) -> Terraform:
        """Copy what a checkout of the module and of the configuration that uses it has, with the older package."""
        copy = self._directory / name
        for file in [*REPOSITORY.glob("*.tf"), *(REPOSITORY / ROOT).glob("*.tf")]:
            to = copy / file.relative_to(REPOSITORY)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, to)
        terraform = Terraform(copy / ROOT, self._aws.environment(), state=self._state)
        _package(terraform.directory).parent.mkdir(parents=True)
        _package(terraform.directory).write_bytes(OLDER_PACKAGE)
        shutil.copyfile(REPOSITORY / "lambda_src/dist/layer.zip", copy / "lambda_src/dist/layer.zip")
        self._run(terraform).init()
        return terraform

    def _plan(self, planner: Terraform) -> bool:
        return self._run(planner).plan(self._directory / "plan")

    def _changes(self, planner: Terraform) -> dict[str, list[str]]:
        return changes(self._run(planner).show(self._directory / "plan"))

    def _apply_elsewhere(self, applier: Terraform) -> None:
        checkout = self._directory / "planner"
        hidden = checkout.rename(self._directory / "hidden")
        self._run(applier).apply(self._directory / "plan")
        hidden.rename(checkout)

    def _run(self, terraform: Terraform) -> Terraform:
        if self._stopped:
            raise TerraformError("The tests were interrupted.")
        self._running = terraform
        return terraform

    def _code(self) -> dict[str, str]:
        client = self._aws.client("lambda")
        return {name: client.get_function(FunctionName=name)["Configuration"]["CodeSha256"] for name in INSTANCES}

    def _restore(self, outputs: dict[str, Any]) -> dict[str, list[str]]:
        make_table(self._aws, "source", indexes=())
        client = self._aws.client("dynamodb")
        for target in ("target", "source"):
            with suppress(client.exceptions.TableAlreadyExistsException):
                client.restore_table_to_point_in_time(
                    SourceTableName="source", TargetTableName=target, UseLatestRestorableTime=True
                )
        self._aws.clock.advance(60)
        sqs = self._aws.client("sqs")
        return {
            name: [
                message["Body"]
                for message in sqs.receive_message(QueueUrl=outputs[name]["queue_url"], MaxNumberOfMessages=10).get(
                    "Messages", []
                )
            ]
            for name in INSTANCES
        }

    def _left(self) -> list[str]:
        there = inventory(self._aws, "eu-west-1")
        return [name for _, _, name in there if any(instance in name for instance in INSTANCES)]


def _package(root: Path) -> Path:
    return root.parents[2] / "lambda_src/dist/function.zip"
