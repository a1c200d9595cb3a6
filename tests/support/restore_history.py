"""The pipeline with the restore archive and the recorder's queries of the event history, in process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from table_sync.handler import lambda_handler
from table_sync.recorder import lambda_handler as recorder_handler
from tests.support.deployment import deploy_function, zip_of
from tests.support.pipeline import Pipeline
from tests.support.tables import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.embedded_aws import EmbeddedAWS
    from tests.support.embedded_aws.lambda_service import Invocation

BUCKET = "records-of-settings"
RECORDER = "table-sync-recorder"
FIVE_MINUTES = 300


class RecordedPipeline(Pipeline):
    """Rules, queue, function, bucket and recorder; `variables` are the rest of both functions' environment."""

    def __init__(
        self,
        aws: EmbeddedAWS,
        handler: Callable[[Any, Any], Any] | None = None,
        *,
        recorder_timeout: int = 300,
        **options: Any,
    ) -> None:
        super().__init__(aws, handler or handle, RECORDS_BUCKET=BUCKET, **options)
        self._recorder_timeout = recorder_timeout

    def __enter__(self) -> Self:
        """Deploy it."""
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        super().__enter__()
        self.recorder = deploy_function(
            self.aws,
            RECORDER,
            zip_of({"function.py": "not run: the runtime is in process"}),
            variables={"QUEUE_URL": self.function.queue_url, "DLQ_URL": self.function.dlq_url, **self._variables},
            Timeout=self._recorder_timeout,
        )
        return self

    def look_up(self) -> Invocation:
        """Query the event history once, as the schedule does."""
        invocation = self.service.invoke(RECORDER, {"look_up": True})
        assert invocation.error is None, invocation.error
        return invocation

    def run_on_schedule(self, queries: int = 5) -> None:
        """Query the event history every five minutes, and let queue and function work until no message is left."""
        for _ in range(queries):
            self.look_up()
            self.run_for(FIVE_MINUTES)
        self.run()

    def archived(self) -> dict[str, dict[str, Any]]:
        """Return the objects of the restore archive, by key."""
        return {
            key: json.loads(self.aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())
            for key in self.keys("restores/")
        }

    def keys(self, prefix: str) -> list[str]:
        """Return the keys in the bucket that begin with `prefix`."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def lookups(self) -> list[dict[str, Any]]:
        """Return the parameters of the LookupEvents calls so far."""
        return [call.parameters for call in self.aws.calls_of("cloudtrail:LookupEvents")]


def handle(event: Any, context: Any) -> Any:
    """Run the deployed function's handler, or the recorder's."""
    return recorder_handler(event, context) if context.function_name == RECORDER else lambda_handler(event, context)
