"""A source table with every setting that one table can have, and an independent look at the settings of any table.

Nothing here uses the function's code: what it reports is checked against what these plain API calls see.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.deployment import zip_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.embedded_aws import EmbeddedAWS

REGION = "eu-west-1"
INDEXES = ("by-customer", "by_day")
TAGS = {"team": "payments", "cost-centre": "4711", "env": "prod"}
TTL_ATTRIBUTE = "expires_at"
RECOVERY_PERIOD_IN_DAYS = 14
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}
FILTER = {"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT", "MODIFY"]})}]}


def make_table(  # noqa: PLR0913 (each is a fact of the table)
    aws: EmbeddedAWS,
    name: str,
    *,
    region: str = REGION,
    indexes: Sequence[str] = INDEXES,
    billing_mode: str = "PROVISIONED",
    stream_view_type: str | None = None,
    items: int = 3,
) -> str:
    """Make a table with items and point-in-time recovery, without which it cannot be restored; return its ARN."""
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    capacity = {"ProvisionedThroughput": throughput} if billing_mode == "PROVISIONED" else {}
    client = aws.client("dynamodb", region)
    client.create_table(
        TableName=name,
        BillingMode=billing_mode,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("id", *indexes)],
        **({"GlobalSecondaryIndexes": [index_of(index, capacity) for index in indexes]} if indexes else {}),
        **(
            {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream_view_type}}
            if stream_view_type
            else {}
        ),
        **capacity,
    )
    wait_until_active(aws, name, region)
    for number in range(items):
        attributes = {key: {"S": f"{key}-{number}"} for key in ("id", *indexes)}
        client.put_item(TableName=name, Item=attributes | {TTL_ATTRIBUTE: {"N": "4102444800"}})
    specification = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": RECOVERY_PERIOD_IN_DAYS}
    aws.clock.advance(10)  # point-in-time recovery is not available for seconds after ACTIVE
    client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=specification)
    return str(client.describe_table(TableName=name)["Table"]["TableArn"])


def index_of(name: str, capacity: dict[str, Any]) -> dict[str, Any]:
    """Return a global secondary index as CreateTable and the restore calls take it."""
    schema = [{"AttributeName": name, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}, **capacity}


def wait_until_active(aws: EmbeddedAWS, name: str, region: str = REGION) -> None:
    """Move the clock until the table is ACTIVE."""
    while aws.client("dynamodb", region).describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        aws.clock.advance(1)


def make_source(aws: EmbeddedAWS, name: str = "orders", *, region: str = REGION) -> str:
    """Make a table that has every setting; return its ARN."""
    arn = make_table(aws, name, region=region, stream_view_type="NEW_AND_OLD_IMAGES")
    client = aws.client("dynamodb", region)
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()])
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
    )
    give_kinesis_destination(aws, name, region)
    give_triggers(aws, name, region)
    give_auto_scaling(aws, name, region)
    give_table_class(aws, name, region)
    client.update_table(TableName=name, DeletionProtectionEnabled=True)
    give_contributor_insights(aws, name, region)
    give_resource_policy(aws, arn, region)
    give_alarms(aws, name, region)
    aws.clock.advance(3700)  # TTL takes up to an hour
    return arn


def give_kinesis_destination(aws: EmbeddedAWS, name: str, region: str = REGION, stream: str = "changes") -> None:
    """Stream the table's changes to a Kinesis data stream, with microseconds."""
    kinesis = aws.client("kinesis", region)
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    aws.client("dynamodb", region).enable_kinesis_streaming_destination(
        TableName=name,
        StreamArn=kinesis.describe_stream(StreamName=stream)["StreamDescription"]["StreamARN"],
        EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )


def make_function(aws: EmbeddedAWS, name: str, region: str = REGION) -> str:
    """Make a function for triggers, which may read the streams of every table; return its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws.client("iam", region).create_role(
        RoleName=f"{name}-{region}",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    let_read_streams(aws, name, "*", region)
    function = aws.client("lambda", region).create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="trigger.handler",
        Code={"ZipFile": zip_of({"trigger.py": "def handler(event, context): pass"})},
    )
    return str(function["FunctionArn"])


def let_read_streams(aws: EmbeddedAWS, function: str, table: str, region: str = REGION) -> None:
    """Let a function for triggers read the streams of the table, and no others."""
    allow = {
        "Effect": "Allow",
        "Action": [f"dynamodb:{verb}" for verb in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")],
        "Resource": f"arn:aws:dynamodb:{region}:{aws.account}:table/{table}/stream/*",
    }
    aws.client("iam", region).put_role_policy(
        RoleName=f"{function}-{region}",
        PolicyName="read-streams",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )


def give_triggers(aws: EmbeddedAWS, name: str, region: str = REGION) -> None:
    """Trigger two functions: one with a filter and an on-failure destination, one by an alias and disabled."""
    client = aws.client("lambda", region)
    stream_arn = aws.client("dynamodb", region).describe_table(TableName=name)["Table"]["LatestStreamArn"]
    queue_url = aws.client("sqs", region).create_queue(QueueName=f"{_short(name)}-failures")["QueueUrl"]
    attributes = aws.client("sqs", region).get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    client.create_event_source_mapping(
        EventSourceArn=stream_arn,
        FunctionName=make_function(aws, f"{_short(name)}-audit", region),
        StartingPosition="TRIM_HORIZON",
        BatchSize=50,
        MaximumBatchingWindowInSeconds=0,
        ParallelizationFactor=2,
        MaximumRetryAttempts=0,
        MaximumRecordAgeInSeconds=3600,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria=FILTER,
        Tags=TAGS,
        DestinationConfig={"OnFailure": {"Destination": attributes["Attributes"]["QueueArn"]}},
    )
    index = make_function(aws, f"{_short(name)}-index", region)
    client.publish_version(FunctionName=index)
    alias = client.create_alias(FunctionName=index, Name="live", FunctionVersion="1")["AliasArn"]
    client.create_event_source_mapping(
        EventSourceArn=stream_arn, FunctionName=alias, StartingPosition="LATEST", Enabled=False
    )
    aws.clock.advance(60)  # mappings are made in the background


def _short(name: str) -> str:
    """Return what of a table's name a queue (80 characters) or a function (64) may have in its own, less dots."""
    return name.replace(".", "-")[:50]


def give_auto_scaling(aws: EmbeddedAWS, name: str, region: str = REGION, index: str | None = INDEXES[1]) -> None:
    """Scale the table's reads and writes and one index's reads: targets, policies, a scheduled action."""
    scale(aws, name, "dynamodb:table:ReadCapacityUnits", region=region, suspended=True)
    scale(aws, name, "dynamodb:table:WriteCapacityUnits", region=region)
    if index:
        scale(aws, name, "dynamodb:index:ReadCapacityUnits", region=region, index=index)
    client = aws.client("application-autoscaling", region)
    action = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "ScalableTargetAction": {"MinCapacity": 20, "MaxCapacity": 200},
    }
    now = datetime.fromtimestamp(aws.clock.now(), UTC)
    client.put_scheduled_action(
        **action, ScheduledActionName="before-work", Schedule="cron(0 6 ? * MON-FRI *)", Timezone="Europe/Berlin"
    )
    client.put_scheduled_action(
        **action, ScheduledActionName="sale", Schedule="rate(1 day)", EndTime=now + timedelta(days=3650)
    )


def scale(  # noqa: PLR0913 (each is a fact of the target)
    aws: EmbeddedAWS,
    name: str,
    dimension: str,
    *,
    region: str = REGION,
    index: str | None = None,
    suspended: bool = False,
) -> None:
    """Register a scalable target with a target tracking policy, named as the console does."""
    client = aws.client("application-autoscaling", region)
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}" + (f"/index/{index}" if index else ""),
        "ScalableDimension": dimension,
    }
    client.register_scalable_target(
        **target,
        MinCapacity=5,
        MaxCapacity=100,
        SuspendedState={
            "DynamicScalingInSuspended": suspended,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        Tags={"scales": dimension.split(":")[1]},
    )
    aws.clock.advance(2)  # policies need a target that is visible
    metric = f"DynamoDB{dimension.split(':')[2].removesuffix('Units')}Utilization"
    client.put_scaling_policy(
        **target,
        PolicyName=f"{metric}:{target['ResourceId']}"[:256],
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "ScaleInCooldown": 0,
            "ScaleOutCooldown": 60,
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        },
    )


def give_table_class(aws: EmbeddedAWS, name: str, region: str = REGION) -> None:
    """Make it a table of the infrequent access class."""
    wait_until_active(aws, name, region)
    aws.client("dynamodb", region).update_table(TableName=name, TableClass="STANDARD_INFREQUENT_ACCESS")
    wait_until_active(aws, name, region)


def give_contributor_insights(aws: EmbeddedAWS, name: str, region: str = REGION) -> None:
    """Turn Contributor Insights on: for throttled keys on the table, for all keys on an index."""
    client = aws.client("dynamodb", region)
    client.update_contributor_insights(
        TableName=name, ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS"
    )
    client.update_contributor_insights(TableName=name, IndexName=INDEXES[0], ContributorInsightsAction="ENABLE")


def give_resource_policy(aws: EmbeddedAWS, arn: str, region: str = REGION) -> None:
    """Let another account read the table, its indexes and its stream, and nobody read the table without TLS."""
    client = aws.client("dynamodb", region)
    stream = client.describe_table(TableName=arn.rpartition("/")[2])["Table"]["LatestStreamArn"]
    reader = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}
    insecure = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:*", "Condition": INSECURE}
    table = {"Resource": [arn, f"{arn}/index/*"]}
    statements = {
        arn: [{**reader, "Action": "dynamodb:Query", **table}, {**insecure, **table}],
        stream: [{**reader, "Action": "dynamodb:GetRecords", "Resource": stream}],
    }
    for resource, statement in statements.items():
        policy = {"Version": "2012-10-17", "Statement": statement}
        client.put_resource_policy(ResourceArn=resource, Policy=json.dumps(policy, indent=2))


def give_alarms(aws: EmbeddedAWS, name: str, region: str = REGION) -> None:
    """Set alarms on the table, on an index, and by metric math on both; one on another table beside them."""
    client = aws.client("cloudwatch", region)
    topic = aws.client("sns", region).create_topic(Name="on-call")["TopicArn"]
    rule = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 3, "DatapointsToAlarm": 2}
    on_metric = {"Namespace": "AWS/DynamoDB", "Statistic": "Sum", "Period": 60, "AlarmActions": [topic], **rule}
    throttled = {"MetricName": "ReadThrottleEvents", "Threshold": 0.0, "TreatMissingData": "notBreaching"}
    client.put_metric_alarm(AlarmName=f"{name}-throttles"[-255:], Dimensions=of_table(name), **throttled, **on_metric)
    client.put_metric_alarm(AlarmName=f"unrelated-to-{name}"[-255:], Dimensions=of_table("?"), **throttled, **on_metric)
    client.put_metric_alarm(
        AlarmName="an index is throttled",
        Dimensions=[*of_table(name), {"Name": "GlobalSecondaryIndexName", "Value": INDEXES[1]}],
        ActionsEnabled=False,
        **throttled,
        **on_metric,
    )
    metrics = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": of_table(name)},
                "Period": 300,
                "Stat": "Sum",
            },
            "ReturnData": False,
        }
        for key, metric in (("used", "ConsumedReadCapacityUnits"), ("had", "ProvisionedReadCapacityUnits"))
    ]
    expression = {"Id": "share", "Expression": "used / had", "Label": "Share in use", "ReturnData": True}
    client.put_metric_alarm(
        AlarmName=f"nearly all of {name}"[-255:],
        Metrics=[expression, *metrics],
        Threshold=0.9,
        OKActions=[topic],
        **rule,
    )


def of_table(name: str) -> list[dict[str, str]]:
    """Return the dimensions of a table's metrics."""
    return [{"Name": "TableName", "Value": name}]


def restore(aws: EmbeddedAWS, source: str, target: str, *, region: str = REGION, **overrides: Any) -> str:
    """Restore `source` (name or ARN) as `target`; return the target's ARN.

    From another Region the table gets a key that DynamoDB owns, unless `overrides` names another one: AWS wants to be
    told.
    """
    if source.startswith("arn:") and source.split(":")[3] != region:
        overrides = {"SSESpecificationOverride": {"Enabled": False}} | overrides
    key = "SourceTableArn" if source.startswith("arn:") else "SourceTableName"
    parameters = {key: source, "TargetTableName": target, "UseLatestRestorableTime": True, **overrides}
    answer = aws.client("dynamodb", region).restore_table_to_point_in_time(**parameters)
    return str(answer["TableDescription"]["TableArn"])


def settings_of(aws: EmbeddedAWS, name: str, region: str = REGION) -> dict[str, Any]:
    """Return the settings of a table by plain API calls, without what differs between any two tables."""
    dynamodb = aws.client("dynamodb", region)
    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    destinations = dynamodb.describe_kinesis_streaming_destination(TableName=name)["KinesisDataStreamDestinations"]
    return {
        "tags": {tag["Key"]: tag["Value"] for tag in _pages(dynamodb, "list_tags_of_resource", table["TableArn"])},
        "kinesis": {
            destination["StreamArn"]: destination.get("ApproximateCreationDateTimePrecision")
            for destination in destinations
            if destination["DestinationStatus"] == "ACTIVE"
        },
        "stream": table.get("StreamSpecification"),
        "triggers": _triggers(aws, table, region),
        "ttl": ttl.get("AttributeName") if ttl["TimeToLiveStatus"] in {"ENABLED", "ENABLING"} else None,
        "pitr": (recovery["PointInTimeRecoveryStatus"], recovery.get("RecoveryPeriodInDays")),
        "auto_scaling": _auto_scaling(aws, table, region),
        "deletion_protection": table["DeletionProtectionEnabled"],
        "table_class": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "on_demand_throughput": {
            part.get("IndexName"): part["OnDemandThroughput"]
            for part in (table, *table.get("GlobalSecondaryIndexes", []))
            if "OnDemandThroughput" in part
        },
        "contributor_insights": _contributor_insights(aws, table, region),
        "resource_policy": [
            _resource_policy(aws, arn, region) for arn in (table["TableArn"], table.get("LatestStreamArn")) if arn
        ],
        "alarms": _alarms(aws, name, region),
        "scalable_target_tags": _scalable_target_tags(aws, table, region),
        "event_source_mapping_tags": _event_source_mapping_tags(aws, table, region),
    }


def _pages(dynamodb: Any, operation: str, arn: str) -> Iterator[dict[str, str]]:
    for page in dynamodb.get_paginator(operation).paginate(ResourceArn=arn):
        yield from page["Tags"]


def _triggers(aws: EmbeddedAWS, table: dict[str, Any], region: str) -> dict[str, Any]:
    if not table.get("StreamSpecification", {}).get("StreamEnabled"):
        return {}
    client = aws.client("lambda", region)
    pages = client.get_paginator("list_event_source_mappings").paginate(EventSourceArn=table["LatestStreamArn"])
    identity = {"UUID", "EventSourceArn", "EventSourceMappingArn", "LastModified", "LastProcessingResult"}
    return {
        mapping["FunctionArn"]: {key: value for key, value in mapping.items() if key not in identity}
        for page in pages
        for mapping in page["EventSourceMappings"]
    }


def _auto_scaling(aws: EmbeddedAWS, table: dict[str, Any], region: str) -> list[str]:
    client = aws.client("application-autoscaling", region)
    identity = {"PolicyARN", "ScheduledActionARN", "ScalableTargetARN", "RoleARN", "CreationTime", "Alarms"}
    of_table = f"table/{table['TableName']}"
    indexes = [f"{of_table}/index/{index['IndexName']}" for index in table.get("GlobalSecondaryIndexes", [])]
    found = []
    for what in ("scalable_targets", "scaling_policies", "scheduled_actions"):
        for resource in (of_table, *indexes):
            one = {"ResourceIds": [resource]} if what == "scalable_targets" else {"ResourceId": resource}
            for page in client.get_paginator(f"describe_{what}").paginate(ServiceNamespace="dynamodb", **one):
                for entry in page["".join(word.capitalize() for word in what.split("_"))]:
                    plain = {key: value for key, value in entry.items() if key not in identity}
                    # The table's own name is all that may differ.
                    found.append(json.dumps(plain, sort_keys=True, default=str).replace(of_table, "table/*"))
    return sorted(found)


def _contributor_insights(aws: EmbeddedAWS, table: dict[str, Any], region: str) -> dict[str, str]:
    client = aws.client("dynamodb", region)
    found = {}
    for index in (None, *(index["IndexName"] for index in table.get("GlobalSecondaryIndexes", []))):
        names = {"TableName": table["TableName"]} | ({"IndexName": index} if index else {})
        answer = client.describe_contributor_insights(**names)
        if answer["ContributorInsightsStatus"] in {"ENABLED", "ENABLING"}:
            found[index or ""] = answer["ContributorInsightsMode"]
    return found


def _resource_policy(aws: EmbeddedAWS, arn: str, region: str) -> Any:
    client = aws.client("dynamodb", region)
    try:
        text = client.get_resource_policy(ResourceArn=arn)["Policy"]
    except client.exceptions.PolicyNotFoundException:
        return None
    return json.loads(text.replace(arn, "*"))


def _alarms(aws: EmbeddedAWS, name: str, region: str) -> list[str]:
    """Return the alarms on a table's metrics, those of auto scaling aside; their names differ from table to table."""
    identity = {"AlarmName", "AlarmArn", "AlarmConfigurationUpdatedTimestamp"}
    found = []
    for page in aws.client("cloudwatch", region).get_paginator("describe_alarms").paginate():
        for alarm in page["MetricAlarms"]:
            plain = {key: value for key, value in alarm.items() if key not in identity and not key.startswith("State")}
            text = json.dumps(plain, sort_keys=True, default=str)
            dimension = json.dumps(of_table(name)[0], sort_keys=True)
            if dimension in text and not alarm["AlarmName"].startswith("TargetTracking-"):
                found.append(text.replace(dimension, "*"))
    return sorted(found)


def _scalable_target_tags(aws: EmbeddedAWS, table: dict[str, Any], region: str) -> dict[str, dict[str, str]]:
    client = aws.client("application-autoscaling", region)
    of_table = f"table/{table['TableName']}"
    indexes = [f"{of_table}/index/{index['IndexName']}" for index in table.get("GlobalSecondaryIndexes", [])]
    pages = client.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="dynamodb", ResourceIds=[of_table, *indexes]
    )
    return {
        f"{target['ResourceId'].removeprefix(of_table)} {target['ScalableDimension']}".strip(): tags
        for page in pages
        for target in page["ScalableTargets"]
        if (tags := client.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"])
    }


def _event_source_mapping_tags(aws: EmbeddedAWS, table: dict[str, Any], region: str) -> dict[str, dict[str, str]]:
    if not table.get("StreamSpecification", {}).get("StreamEnabled"):
        return {}
    client = aws.client("lambda", region)
    pages = client.get_paginator("list_event_source_mappings").paginate(EventSourceArn=table["LatestStreamArn"])
    return {
        mapping["FunctionArn"]: tags
        for page in pages
        for mapping in page["EventSourceMappings"]
        if (tags := client.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"])
    }
