"""The request rates above which AWS refuses calls, on the embedded AWS's clock.

Each quota is a token bucket of one second's worth, one a Region: no source tells how large a burst may be. Not
modelled, because no rate is documented: Application Auto Scaling's own, and what DynamoDB's writes may do each beyond
the sum of its control plane.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.cloudtrail import DATA_EVENTS

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call

# DynamoDB developer guide, Service quotas, CreateTable/UpdateTable/DeleteTable: so many tables may be CREATING,
# UPDATING or DELETING. Restores have a limit of their own; what TTL does for up to an hour is no status of the table.
TABLES_CHANGING = 500
CHANGES_OF_TABLES = {"dynamodb:CreateTable", "dynamodb:UpdateTable", "dynamodb:DeleteTable"}
# Lambda developer guide, Lambda quotas: the remainder of the control plane is counted in sum.
APART_IN_LAMBDA = {"GetFunction", "GetPolicy", "Invoke", "InvokeAsync", "InvokeWithResponseStream"}
# Less what epoch seconds as a float cannot tell apart.
ONE_TOKEN = 1 - 1e-4


@dataclass(frozen=True)
class Quota:
    """How many calls a second a Region takes of those that `covers` picks; a call takes `tokens` and needs one.

    Those of the same name take from the same.
    """

    name: str
    per_second: float
    covers: Callable[["EmbeddedAWS", "Call"], bool]
    code: str = "ThrottlingException"
    message: str = "Rate of requests exceeds the allowed throughput."
    tokens: int = 1


def _one_of(*names: str) -> Callable[["EmbeddedAWS", "Call"], bool]:
    return lambda _, call: call.name in names


def _finds_policies(aws: "EmbeddedAWS", call: "Call") -> bool:
    if call.name != "application-autoscaling:DescribeScalingPolicies":
        return False
    return bool(aws.auto_scaling.describe_scaling_policies(call)["ScalingPolicies"])


QUOTAS = (
    # DynamoDB developer guide, Best practices for managing the control plane.
    Quota(
        "DynamoDB's control plane",
        2500,
        lambda _, call: call.service == "dynamodb" and call.operation not in DATA_EVENTS,
    ),
    # DynamoDB API reference, each operation; developer guide, Service quotas, API-specific limits.
    Quota("TagResource, UntagResource", 5, _one_of("dynamodb:TagResource", "dynamodb:UntagResource")),
    Quota("ListTagsOfResource", 10, _one_of("dynamodb:ListTagsOfResource")),
    Quota("DescribeContinuousBackups", 10, _one_of("dynamodb:DescribeContinuousBackups")),
    Quota("DescribeBackup", 10, _one_of("dynamodb:DescribeBackup")),
    Quota("RestoreTableFromBackup", 10, _one_of("dynamodb:RestoreTableFromBackup")),
    Quota("DescribeContributorInsights", 5, _one_of("dynamodb:DescribeContributorInsights")),
    Quota("UpdateContributorInsights", 5, _one_of("dynamodb:UpdateContributorInsights")),
    # Lambda developer guide, Lambda quotas, API requests.
    Quota(
        "Lambda's control plane",
        15,
        lambda _, call: call.service == "lambda" and call.operation not in APART_IN_LAMBDA,
        "TooManyRequestsException",
        "Rate exceeded",
    ),
    # CloudWatch user guide, CloudWatch service quotas: PutMetricAlarm 3 a second, DescribeAlarms 9.
    Quota("CloudWatch's PutMetricAlarm", 3, _one_of("cloudwatch:PutMetricAlarm"), "Throttling", "Rate exceeded"),
    Quota("CloudWatch's DescribeAlarms", 9, _one_of("cloudwatch:DescribeAlarms"), "Throttling", "Rate exceeded"),
    # CloudTrail API reference, LookupEvents. Its error is that of CloudTrail's other throttled calls.
    Quota("LookupEvents", 2, _one_of("cloudtrail:LookupEvents"), message="Rate exceeded"),
    # Application Auto Scaling makes these calls in the account; hashicorp/terraform-provider-aws#2275 and
    # aws/aws-sdk-go#1472 show its errors. A target tracking policy of DynamoDB has four alarms.
    Quota(
        "CloudWatch's PutMetricAlarm",
        3,
        _one_of("application-autoscaling:PutScalingPolicy"),
        "FailedResourceAccessException",
        "Unable to create alarms for scaling policy due to reason: Rate exceeded (Service: AmazonCloudWatch; Status "
        "Code: 400; Error Code: Throttling)",
        tokens=4,
    ),
    Quota(
        "CloudWatch's DescribeAlarms",
        9,
        _finds_policies,
        "FailedResourceAccessException",
        "Unable to retrieve alarms for scaling policy due to reason: Rate exceeded (Service: AmazonCloudWatch; Status "
        "Code: 400; Error Code: Throttling)",
    ),
)


class RateLimits:
    """The quotas of an account; they count only while `enforced`.

    By quota, `refused` counts the calls that were refused and `taken` the tokens of the others.
    """

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Limit the calls to `aws`."""
        self.enforced = False
        self.refused: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self._aws = aws
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}

    def check(self, call: "Call") -> None:
        """Take the call's tokens; raise AwsError, and take none, if a quota has none left for it."""
        if not self.enforced:
            return
        if call.name in CHANGES_OF_TABLES and self._tables_changing(call.region) >= TABLES_CHANGING:
            self.refused["tables that change"] += 1
            message = f"Subscriber limit exceeded: at most {TABLES_CHANGING} tables can be created, updated or deleted"
            raise AwsError("LimitExceededException", message)
        quotas = [quota for quota in QUOTAS if quota.covers(self._aws, call)]
        for quota in quotas:
            if self._tokens(quota, call.region) < ONE_TOKEN:
                self.refused[quota.name] += 1
                raise AwsError(quota.code, quota.message)
        for quota in quotas:
            left = self._tokens(quota, call.region) - quota.tokens
            self._buckets[self._aws.account, quota.name, call.region] = self._aws.clock.now(), left
            self.taken[quota.name] += quota.tokens

    def _tokens(self, quota: Quota, region: str) -> float:
        now = self._aws.clock.now()
        since, left = self._buckets.get((self._aws.account, quota.name, region), (now, quota.per_second))
        return min(quota.per_second, left + (now - since) * quota.per_second)

    def _tables_changing(self, region: str) -> int:
        tables = self._aws.dynamodb.tables(region)
        return sum(table.status.status(self._aws.clock.now()) != "ACTIVE" for table in tables)
