"""The examples, each applied as it stands to Regions of one embedded AWS, and destroyed."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.terraform import REPOSITORY, Terraform, TerraformError
from tests.terraform import sam_sample
from tests.terraform.inventory import inventory
from tests.terraform.plans import changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tests.support.embedded_aws import EmbeddedAWS

DIRECTORY = REPOSITORY / "examples"
AT_ONCE = 6  # each is a Terraform and a provider that mostly wait
LONGEST_SECONDS = 900


@dataclass
class Applied:
    """What was seen of one example."""

    outputs: dict[str, Any]
    lines: list[str]
    """What Terraform wrote, from the first apply to destroy."""
    kinds: set[str]
    """Of the resources in its state after the apply."""
    made: set[tuple[str, str, str]]
    """What AWS had after the apply: kind, Region and name."""
    second_plan: dict[str, list[str]] | None
    """What a plan right after the apply would do, resource address to actions, if the example wants one."""
    seen: dict[str, Any]
    """What a look of the example's own found before the destroy."""
    left: set[tuple[str, str, str]]
    """What AWS had after the destroy."""


@dataclass(frozen=True)
class Example:
    """How one example is applied."""

    regions: tuple[str, ...]
    name: str = "dynamodb-pitr-table-sync"
    """In the names of all that it makes, and of nothing else in these Regions."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    look: Callable[[EmbeddedAWS, Terraform, Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] | None = None
    """Gets the variables and the outputs of the apply too."""
    plan_again: bool = False
    """Whether it makes what the two instances of the lifecycle do not."""
    other_accounts: tuple[str, ...] = ()
    """In which it makes something besides the default one."""

    @property
    def several_providers(self) -> bool:
        """Whether it has a `provider` block for each Region or account."""
        return len(self.regions) > 1 or bool(self.other_accounts)


def _policies(aws: EmbeddedAWS, topic_arn: str) -> dict[str, Any]:
    region = topic_arn.split(":")[3]
    topic = aws.client("sns", region).get_topic_attributes(TopicArn=topic_arn)["Attributes"]
    key_policy = aws.client("kms", region).get_key_policy(KeyId=topic["KmsMasterKeyId"], PolicyName="default")["Policy"]
    return {"topic_policy": json.loads(topic["Policy"]), "key_policy": json.loads(key_policy)}


def _failed_topic(aws: EmbeddedAWS, _: Terraform, __: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    return _policies(aws, outputs["failed_topic_arn"])


def _topic(aws: EmbeddedAWS, _: Terraform, variables: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the topic's and its key's policies, and what sends to it."""
    events = aws.client("events", variables["region"])
    return _policies(aws, outputs["topic_arn"]) | {
        "pattern": json.loads(events.describe_rule(Name=outputs["rule_name"])["EventPattern"]),
        "targets": events.list_targets_by_rule(Rule=outputs["rule_name"])["Targets"],
        "alarms": aws.client("cloudwatch", variables["region"]).describe_alarms()["MetricAlarms"],
    }


def _migration(
    aws: EmbeddedAWS, terraform: Terraform, variables: Mapping[str, Any], outputs: Mapping[str, Any]
) -> dict[str, Any]:
    return sam_sample.migrate(aws, terraform, variables, outputs["function_name"])


RECOVERY = "999999999999"


def _two_accounts(
    aws: EmbeddedAWS, _: Terraform, variables: Mapping[str, Any], outputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what each account has, both functions' buckets, and the bucket's policy and versioning."""
    bucket, region = outputs["records_bucket"], variables["region"]

    def functions() -> dict[str, str]:
        listed = aws.client("lambda", region).list_functions()["Functions"]
        return {one["FunctionName"]: one["Environment"]["Variables"]["RECORDS_BUCKET"] for one in listed}

    production = functions()
    made = {"production": inventory(aws, region)}
    with aws.in_account(RECOVERY):
        s3 = aws.client("s3", region)
        return {
            "made": made | {"recovery": inventory(aws, region)},
            "functions": {"production": production, "recovery": functions()},
            "policy": json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]),
            "versioning": s3.get_bucket_versioning(Bucket=bucket)["Status"],
        }


def _two_regions(aws: EmbeddedAWS, _: Terraform, __: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the functions' buckets by Region, and the Region of the bucket."""
    bucket, found = outputs["records_bucket"], {}
    for region in EXAMPLES["multi-region"].regions:
        listed = aws.client("lambda", region).list_functions()["Functions"]
        found[region] = {one["Environment"]["Variables"]["RECORDS_BUCKET"] for one in listed}
    location = aws.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"]
    return {"buckets": found, "location": location}


EXAMPLES = {
    "basic": Example(("eu-west-1",)),
    "complete": Example(
        ("eu-west-2",), "restored-tables", {"region": "eu-west-2"}, look=_failed_topic, plan_again=True
    ),
    "local": Example(("eu-west-3",), "local", {"region": "eu-west-3", "name": "local"}),
    "migrate-from-sam": Example(
        ("eu-north-1",),
        variables={"region": "eu-north-1", "sample_parameters": sam_sample.PARAMETERS},
        look=_migration,
    ),
    "multi-region": Example(("us-east-1", "us-west-2"), look=_two_regions),
    "notifications": Example(("eu-central-1",), variables={"region": "eu-central-1"}, look=_topic, plan_again=True),
    "recovery-account": Example(
        ("us-east-2",),
        variables={"region": "us-east-2", "recovery_role_arn": f"arn:aws:iam::{RECOVERY}:role/Admin"},
        look=_two_accounts,
        plan_again=True,
        other_accounts=(RECOVERY,),
    ),
}


class Examples:
    """Applies examples in threads, because they mostly wait for queues to be created."""

    def __init__(self, aws: EmbeddedAWS, directory: Path) -> None:
        """Prepare to work in the empty `directory`, on copies of the module and the examples."""
        self._aws = aws
        self._checkout = directory
        self._running: list[Terraform] = []
        self._stopped = False
        self._executor = ThreadPoolExecutor(AT_ONCE)
        self._applied: dict[str, Future[Applied]] = {}

    def start(self, names: Iterable[str]) -> None:
        """Begin with the examples of these names."""
        for file in [*REPOSITORY.glob("*.tf"), *DIRECTORY.glob("*/*.tf"), *REPOSITORY.glob("lambda_src/dist/*.zip")]:
            to = self._checkout / file.relative_to(REPOSITORY)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, to)
        self._applied |= {name: self._executor.submit(self._apply, name) for name in names}

    def stop(self) -> None:
        """End early those that are not over."""
        self._stopped = True
        for terraform in self._running:
            terraform.interrupt()
        self._executor.shutdown(cancel_futures=True)

    def result(self, name: str) -> Applied:
        """Wait until the example is destroyed; raise what went wrong, TimeoutError after LONGEST_SECONDS."""
        try:
            return self._applied[name].result(LONGEST_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"examples/{name} was not destroyed within {LONGEST_SECONDS} s.") from None

    def _apply(self, name: str) -> Applied:
        example = EXAMPLES[name]
        lines: list[str] = []
        terraform = Terraform(self._checkout / "examples" / name, self._aws.environment(), on_line=lines.append)
        self._running.append(terraform)

        self._run(terraform).init()
        with nullcontext() if example.several_providers else terraform.one_provider():
            return self._live(example, terraform, lines)

    def _live(self, example: Example, terraform: Terraform, lines: list[str]) -> Applied:
        directory = terraform.directory
        self._run(terraform).apply(**example.variables)
        outputs, made = terraform.output(), self._inventory(example)
        resources = json.loads((directory / "terraform.tfstate").read_text())["resources"]
        kinds = {resource["type"] for resource in resources if resource["mode"] == "managed"}
        second_plan = self._plan(terraform, directory / "plan", example.variables) if example.plan_again else None
        seen = example.look(self._aws, self._run(terraform), example.variables, outputs) if example.look else {}
        self._run(terraform).destroy(**example.variables)
        return Applied(outputs, lines, kinds, made, second_plan, seen, self._inventory(example))

    def _plan(self, terraform: Terraform, plan: Path, variables: Mapping[str, Any]) -> dict[str, list[str]]:
        return changes(terraform.show(plan)) if self._run(terraform).plan(plan, **variables) else {}

    def _run(self, terraform: Terraform) -> Terraform:
        if self._stopped:
            raise TerraformError("The tests were interrupted.")
        return terraform

    def _inventory(self, example: Example) -> set[tuple[str, str, str]]:
        there: set[tuple[str, str, str]] = set()
        for account in (self._aws.account, *example.other_accounts):
            with self._aws.in_account(account):
                there = there.union(*(inventory(self._aws, region) for region in example.regions))
        return {resource for resource in there if example.name in resource[2]}
