"""CloudWatch's alarms, as far as moto's are others; the rest is moto's.

Sources: CloudWatch API reference, PutMetricAlarm: a new alarm is INSUFFICIENT_DATA, one that exists keeps its state;
DescribeAlarms: pages of 50 alarms, of at most 100 if asked for; Common Errors: ValidationError; tests/facts: the fields
of an alarm that was just made.
"""

from typing import TYPE_CHECKING, ClassVar
from unittest.mock import patch

from moto.cloudwatch.models import Alarm, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from tests.support.embedded_aws.answers import Answer, AwsError, error_code
from tests.support.embedded_aws.service import Moto, Service, extends_moto, page

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call

STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history")


class CloudWatch(Service):
    """The CloudWatch of every Region."""

    name: ClassVar[str] = "cloudwatch"

    validation_error: ClassVar[str] = "ValidationError"

    def check(self, call: "Call") -> None:
        """Check what DescribeAlarms asks for, and leave other calls to moto, whose codes are CloudWatch's own."""
        if call.operation == "DescribeAlarms":
            super().check(call)

    @extends_moto
    def put_metric_alarm(self, call: "Call", moto: Moto) -> Answer:
        """PutMetricAlarm: an upsert."""
        alarms = cloudwatch_backends[self.aws.account][call.region].alarms
        before = alarms.get(call.parameters.get("AlarmName", ""))
        answer = moto()
        if error_code(answer) is None:
            start(alarms[call.parameters["AlarmName"]], before)
        return answer

    @extends_moto
    def describe_alarms(self, call: "Call", moto: Moto) -> Answer:
        """DescribeAlarms: in pages."""
        token, size = call.parameters.get("NextToken"), call.parameters.get("MaxRecords", 50)
        unpaged = CloudWatchResponse.describe_alarms
        if token is not None and not token.isdecimal():
            raise AwsError("InvalidNextToken", "The next token is not valid.")

        def paged(response: CloudWatchResponse) -> ActionResult:
            found = dict(unpaged(response).result)  # type: ignore[call-overload]
            found["MetricAlarms"], more = page(found["MetricAlarms"], token, size)
            return ActionResult(found | ({"NextToken": more} if more else {}))

        with patch.object(CloudWatchResponse, "describe_alarms", paged):
            return moto()


def start(alarm: Alarm, before: Alarm | None = None) -> None:
    """Give an alarm that moto has just made the state of the one that it replaces, or the first one."""
    if before:
        for name in STATE:
            setattr(alarm, name, getattr(before, name))
    else:
        alarm.state_value = "INSUFFICIENT_DATA"
        alarm.state_reason_data = None  # type: ignore[assignment]  # there is none until a metric has decided
    alarm.metric_data_queries = alarm.metric_data_queries or None  # type: ignore[assignment]  # as above
    alarm.state_transitioned_timestamp = alarm.state_updated_timestamp  # type: ignore[attr-defined]
