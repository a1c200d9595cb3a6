"""The pace of the recorder: half of the request rates that AWS allows an account in a Region."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from table_sync.aws import client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Calls a second. DynamoDB API reference, ListTagsOfResource and DescribeContinuousBackups, 10; Lambda developer guide,
# Lambda quotas, the sum of its control plane, 15; CloudWatch user guide, service quotas, DescribeAlarms, 9. For
# DescribeTimeToLive nothing is documented: it is throttled from the fifth call in a row (live probe, October 2026), and
# neither is for Application Auto Scaling. To describe policies, that calls DescribeAlarms in the account
# (hashicorp/terraform-provider-aws#2275): both share a rate.
_PER_SECOND = {
    "application-autoscaling": 4.0,
    "cloudwatch:DescribeAlarms": 4.5,
    "dynamodb:DescribeContinuousBackups": 5.0,
    "dynamodb:DescribeTimeToLive": 4.0,
    "dynamodb:ListTagsOfResource": 5.0,
    "lambda": 7.5,
}
_ALSO = {"application-autoscaling:DescribeScalingPolicies": "cloudwatch:DescribeAlarms"}
_SERVICES = ("application-autoscaling", "cloudwatch", "dynamodb", "lambda")


class Pace:
    """Spaces calls evenly, without bursts: no source tells how large a burst may be."""

    def __init__(self, seconds_left: Callable[[], float]) -> None:
        """Begin.

        Args:
            seconds_left: how long the invocation may still take. It is the clock, too.

        """
        self._seconds_left = seconds_left
        self._used_until: dict[str, float] = {}

    @contextmanager
    def kept(self, region: str) -> Iterator[None]:
        """Let the calls to a Region wait for their turn."""
        with ExitStack() as exits:
            for service in _SERVICES:
                events = client(service, region).meta.events
                events.register("before-call", self._wait)
                exits.callback(events.unregister, "before-call", self._wait)
            yield

    def _wait(self, model: Any, **_: object) -> None:  # noqa: ANN401 (botocore has no types)
        service = model.service_model.service_name
        operation = f"{service}:{model.name}"
        names = [name for name in (service, operation, _ALSO.get(operation)) if name in _PER_SECOND]
        now = -self._seconds_left()
        turn = max([now, *(self._used_until.get(name, now) for name in names)])
        if turn > now:
            time.sleep(turn - now)
        for name in names:
            self._used_until[name] = turn + 1 / _PER_SECOND[name]
