"""CloudWatch of the embedded AWS, as far as it is not moto's."""

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import EmbeddedAWS


@pytest.fixture(params=["in process", "served"])
def cloudwatch(request):
    """Return the client of a CloudWatch with 120 alarms."""
    with EmbeddedAWS(server=request.param == "served") as aws:
        client = aws.client("cloudwatch")
        for number in range(120):
            client.put_metric_alarm(
                AlarmName=f"alarm-{number:03d}",
                Namespace="AWS/DynamoDB",
                MetricName="UserErrors",
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1.0,
                ComparisonOperator="GreaterThanThreshold",
            )
        yield client


def test_alarms_come_in_pages(cloudwatch):
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate())
    names = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    assert [len(page["MetricAlarms"]) for page in pages] == [50, 50, 20]
    assert sorted(names) == [f"alarm-{number:03d}" for number in range(120)]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 100})
    assert [len(page["MetricAlarms"]) for page in pages] == [100, 20]
    with pytest.raises(ClientError, match=r"ValidationError.*less than or equal to 100"):
        cloudwatch.describe_alarms(MaxRecords=101)
    with pytest.raises(ClientError, match="InvalidNextToken"):
        cloudwatch.describe_alarms(NextToken="none")
