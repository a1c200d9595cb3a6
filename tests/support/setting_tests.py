"""Helpers for the tests of settings: ARNs, a table, answers of AWS, values to draw, and the parts of a plan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from table_sync.aws import Table
from table_sync.settings.setting import Change, Obstacle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from table_sync.settings.setting import Status

ACCOUNT = "123456789012"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:audit"
ALIAS = f"{FUNCTION}:live"
UUID = "7a9c6b1e-0d0f-4f2c-9d5e-0c6a2f1b8e11"
OF_AWS = {"aws:cloudformation:stack-name": "orders", "aws:cloudformation:logical-id": "Table"}
SCALED = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}
CREATED = {"CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}

table_names = st.from_regex(r"[a-zA-Z0-9_.-]{3,255}", fullmatch=True)
index_statuses = st.dictionaries(st.sampled_from(["by_day", "by-id"]), st.sampled_from(["ACTIVE", "CREATING"]))


def changes(steps: Iterable[Change | Obstacle]) -> list[Change]:
    """Return the changes among the steps of a plan."""
    return [step for step in steps if isinstance(step, Change)]


def statuses(steps: Iterable[Change | Obstacle]) -> list[Status]:
    """Return the status of each obstacle among the steps of a plan."""
    return [step.status for step in steps if isinstance(step, Obstacle)]


def described(**description: Any) -> Table:
    """Return an ACTIVE table with this description."""
    return Table(TABLE, {"TableStatus": "ACTIVE", **description})


def with_stream(arn: str = TABLE, stream: str = STREAM) -> Table:
    """Return a table whose stream is enabled."""
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    return Table(arn, {"StreamSpecification": specification, "LatestStreamArn": stream})


def listed_mapping(function: str = FUNCTION, **more: Any) -> dict[str, Any]:
    """Return an event source mapping as Lambda lists it."""
    return {"UUID": UUID, "FunctionArn": function, "State": "Enabled", "StartingPosition": "LATEST", **more}


def auto_scaling_arn(kind: str, name: str) -> str:
    """Return the ARN of something that Application Auto Scaling has."""
    return f"arn:aws:autoscaling:eu-west-1:{ACCOUNT}:{kind}:{name}"
