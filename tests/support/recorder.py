"""The recorder behind its rules and queue, with a bucket of records: in process, or its package as it is released."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from table_sync import aws as function_clients
from table_sync.aws import Table
from table_sync.recorder import lambda_handler
from table_sync.records import unwritten
from table_sync.records.bucket import Bucket
from table_sync.records.snapshot import snapshot
from tests.support.deployment import deploy_queued_function, zip_of
from tests.support.embedded_aws.lambda_service import ChildProcessRuntime, InProcessRuntime, LambdaService
from tests.support.restore_events import ACCOUNT, REGION, arn
from tests.support.rules import CHANGES, PATTERNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from table_sync.records.record import Record
    from tests.support.embedded_aws import Call, EmbeddedAWS
    from tests.support.embedded_aws.lambda_service import Invocation

BUCKET = "records-of-settings"
# As records.tf has them.
TIMEOUT, MEGABYTES = 900, 256
A_DAY = 24 * 3600
DIST = Path(__file__).parents[2] / "lambda_src/dist"


class DeployedRecorder:
    """Rules, queue, recorder and bucket, and what came of them. A context manager."""

    def __init__(  # noqa: PLR0913 (what differs between tests)
        self,
        aws: EmbeddedAWS,
        *,
        name: str = "table-sync-recorder",
        handler: Callable[[Any, Any], Any] = lambda_handler,
        make_bucket: bool = True,
        package: bool = False,
        region: str = REGION,
        **variables: str,
    ) -> None:
        _start_cold()
        self.aws = aws
        self.invocations: list[Invocation] = []
        self.runtime = (
            ChildProcessRuntime(aws.endpoint_url, aws.clock.sleep) if package else InProcessRuntime(handler, aws.clock)
        )
        self.service = LambdaService(aws, self.runtime)
        self._package = package
        self._name = name
        self._makes_bucket = make_bucket
        self._region = region
        self._variables = {"RECORDS_BUCKET": BUCKET} | variables

    def __enter__(self) -> Self:
        """Deploy it."""
        self.service.__enter__()
        packaged: dict[str, Any] = {
            "handler": "table_sync.recorder.lambda_handler",
            "layers": [(DIST / "layer.zip").read_bytes()],
            "LoggingConfig": {"LogFormat": "JSON"},
        }
        self.function = deploy_queued_function(
            self.aws,
            self._name,
            (DIST / "function.zip").read_bytes()
            if self._package
            else zip_of({"function.py": "not run: the runtime is in process"}),
            queue_attributes={"VisibilityTimeout": str(6 * TIMEOUT), "MessageRetentionPeriod": str(A_DAY)},
            variables=self._variables
            | {"RECORDER_QUEUE_URL": f"https://sqs.{self._region}.amazonaws.com/{ACCOUNT}/{self._name}"},
            Timeout=TIMEOUT,
            MemorySize=MEGABYTES,
            region=self._region,
            **(packaged if self._package else {}),
        )
        if self._makes_bucket and BUCKET not in [
            bucket["Name"] for bucket in self.aws.client("s3").list_buckets()["Buckets"]
        ]:
            make_bucket(self.aws)
        self._route_events()
        return self

    def __exit__(self, *raised: object) -> None:
        """End the Lambda service."""
        self.service.__exit__(None, None, None)

    def _route_events(self) -> None:
        events = self.aws.client("events", self._region)
        for name, pattern in {**PATTERNS, "changes": CHANGES}.items():
            here = json.dumps(pattern).replace(REGION, self._region)
            events.put_rule(Name=f"{self._name}-{name}", EventPattern=here)
            events.put_targets(
                Rule=f"{self._name}-{name}", Targets=[{"Id": "recorder", "Arn": self.function.queue_arn}]
            )
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.function.queue_arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.aws.client("sqs", self._region).set_queue_attributes(
            QueueUrl=self.function.queue_url, Attributes={"Policy": policy}
        )

    def restart(self) -> None:
        """Have it start cold, with the credentials of then."""
        self.runtime.close()
        _start_cold()

    def sweep(self) -> None:
        """Record all tables."""
        self.invoke({"sweep": True})
        self.run()

    def invoke(self, event: Any) -> Any:
        """Invoke the recorder directly; return its answer."""
        invocation = self.service.invoke(self._name, event, region=self._region)
        self.invocations.append(invocation)
        assert invocation.error is None, invocation.error
        return invocation.response

    def send(self, body: str) -> None:
        """Put a message into the queue."""
        self.aws.client("sqs", self._region).send_message(QueueUrl=self.function.queue_url, MessageBody=body)

    def run(self, max_seconds: float = A_DAY) -> None:
        """Let the queue and the recorder work until no message is left."""
        done = self.service.run_until_idle(max_seconds)
        self.invocations += done
        assert [invocation.error for invocation in done if invocation.error] == []

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every line of standard output, parsed; a line that is no JSON object is an error."""
        return [json.loads(line) for invocation in self.invocations for line in invocation.log_lines]

    def metric(self, name: str) -> float:
        """Return the sum of a metric."""
        return sum(sum(value) if isinstance(value, list) else value for line in self.log if (value := line.get(name)))

    def calls(self) -> list[Call]:
        """Return the calls that the recorder itself made."""
        session = f":assumed-role/{self._name}/{self._name}"
        return [call for call in self.aws.calls if call.principal and call.principal.arn.endswith(session)]

    def writes(self) -> list[str]:
        """Return the keys that the recorder has written, in order."""
        return [call.parameters["Key"] for call in self.calls() if call.name == "s3:PutObject" and call.done]

    def record(
        self, table: str, table_id: str | None = None, *, region: str = REGION, bucket_region: str = REGION
    ) -> dict[str, Any]:
        """Return the newest record of a table name, which has one, or of one of its lifetimes."""
        s3 = self.aws.client("s3", bucket_region)
        prefix = f"settings/v1/{ACCOUNT}/{region}/{table}/{table_id or ''}"
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
        (key,) = (found["Key"] for found in listed if found["Key"].endswith(".json"))
        record: dict[str, Any] = json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        return record


def _start_cold() -> None:
    # Clients keep the credentials with which they were made.
    function_clients.start_session()
    unwritten.drop_all()


def make_bucket(aws: EmbeddedAWS, name: str = BUCKET, region: str = REGION) -> None:
    """Make a versioned bucket."""
    s3 = aws.client("s3", region)
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **location)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def record_table(name: str = "orders", region: str = REGION, **changes: Any) -> Record:
    """Write a record of a table as the recorder does; return it. `changes` are fields of the record."""
    function_clients.start_session()
    table = Table(arn(name, region))
    table.describe()
    bucket = Bucket(BUCKET, region)
    record = dataclasses.replace(snapshot(table, None), **changes)
    bucket.write(record, bucket.newest(record.key)[1])
    # The function's clients have its credentials.
    function_clients.start_session()
    return record


def encrypt(aws: EmbeddedAWS, key_arn: str, name: str = BUCKET) -> None:
    """Have new objects of a bucket encrypted with a key, as records.tf does."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    aws.client("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
