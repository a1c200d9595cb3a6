"""What has to be there before the calls to DynamoDB."""

from tests.facts.facts import observation, setup

KEYS = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
KEYS_WITH_INDEX = KEYS | {
    "AttributeDefinitions": [*KEYS["AttributeDefinitions"], {"AttributeName": "g", "AttributeType": "S"}]
}
INDEX = {
    "IndexName": "TransactionRecordID",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
ONE = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
FIVE = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
SETTLED = 60.0  # longer than AWS takes for any of the changes below, the precision of a Kinesis destination aside
ORDERS = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


def update(aws, **parameters):
    return aws.client("dynamodb").update_table(TableName="orders", **parameters)


@setup
def provisioned_table(aws):
    aws.client("dynamodb").create_table(TableName="orders", ProvisionedThroughput=FIVE, **KEYS)


@setup
def provisioned_table_with_index(aws):
    indexes = [INDEX | {"ProvisionedThroughput": ONE}]
    aws.client("dynamodb").create_table(
        TableName="orders", ProvisionedThroughput=ONE, GlobalSecondaryIndexes=indexes, **KEYS_WITH_INDEX
    )


@setup
def on_demand_table(aws, **parameters):
    aws.client("dynamodb").create_table(TableName="orders", BillingMode="PAY_PER_REQUEST", **KEYS | parameters)


@setup
def on_demand_table_with_index(aws):
    on_demand_table(aws, GlobalSecondaryIndexes=[INDEX], **KEYS_WITH_INDEX)


@setup
def table_being_deleted(aws):
    provisioned_table(aws)
    aws.client("dynamodb").delete_table(TableName="orders")


@setup
def table_whose_stream_is_being_enabled(aws):
    on_demand_table(aws)
    update(aws, StreamSpecification=STREAM)


@setup
def table_with_stream(aws):
    table_whose_stream_is_being_enabled(aws)
    aws.clock.advance(SETTLED)


@setup
def table_whose_stream_was_disabled(aws):
    table_with_stream(aws)
    update(aws, StreamSpecification={"StreamEnabled": False})
    aws.clock.advance(SETTLED)


@setup
def protected_table(aws):
    on_demand_table(aws, DeletionProtectionEnabled=True)


@setup
def table_protected_a_moment_ago(aws):
    on_demand_table(aws)
    update(aws, DeletionProtectionEnabled=True)


@setup
def table_whose_class_was_changed_twice(aws):
    on_demand_table(aws)
    for table_class in ("STANDARD_INFREQUENT_ACCESS", "STANDARD"):
        update(aws, TableClass=table_class)
        aws.clock.advance(SETTLED)


@setup
def table_whose_read_maximum_was_cleared(aws):
    on_demand_table(aws)
    update(aws, OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 100})
    aws.clock.advance(SETTLED)
    update(aws, OnDemandThroughput={"MaxReadRequestUnits": -1})
    aws.clock.advance(SETTLED)


def enable_time_to_live(aws):
    on_demand_table(aws)
    aws.client("dynamodb").update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expire_at"}
    )


@setup
def table_with_time_to_live(aws):
    enable_time_to_live(aws)
    aws.clock.advance(2.1)


@setup
def table_with_time_to_live_for_1872_seconds(aws):
    enable_time_to_live(aws)
    aws.clock.advance(1872)


@setup
def table_that_can_be_backed_up(aws, **parameters):
    on_demand_table(aws, **parameters)
    aws.clock.advance(SETTLED)


def update_continuous_backups(aws, **specification):
    aws.client("dynamodb").update_continuous_backups(TableName="orders", PointInTimeRecoverySpecification=specification)


@setup
def table_with_point_in_time_recovery(aws, **parameters):
    table_that_can_be_backed_up(aws, **parameters)
    update_continuous_backups(aws, PointInTimeRecoveryEnabled=True)
    aws.clock.advance(600)


@setup
def table_that_had_a_recovery_period_of_7_days(aws):
    table_that_can_be_backed_up(aws)
    update_continuous_backups(aws, PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=7)
    update_continuous_backups(aws, PointInTimeRecoveryEnabled=False)


@setup
def table_whose_tags_are_being_updated(aws):
    on_demand_table(aws)
    aws.client("dynamodb").tag_resource(ResourceArn=ORDERS, Tags=[{"Key": "a", "Value": "1"}])


# Contributor Insights.


def update_insights(aws, action):
    aws.client("dynamodb").update_contributor_insights(TableName="orders", ContributorInsightsAction=action)
    aws.clock.advance(SETTLED)


@setup
def table_with_contributor_insights(aws):
    on_demand_table(aws)
    update_insights(aws, "ENABLE")


@setup
def table_whose_contributor_insights_were_disabled(aws):
    table_with_contributor_insights(aws)
    update_insights(aws, "DISABLE")


# Restores.


def restore(aws):
    aws.client("dynamodb").restore_table_to_point_in_time(
        SourceTableName="orders", TargetTableName="restored", UseLatestRestorableTime=True
    )


@setup
def table_being_restored(aws):
    table_with_point_in_time_recovery(aws, GlobalSecondaryIndexes=[INDEX], **KEYS_WITH_INDEX)
    restore(aws)


@setup
def restored_table(aws):
    table_being_restored(aws)
    aws.clock.advance(aws.restore_seconds + SETTLED)


@setup
def restored_table_of_one_with_every_setting(aws):
    table_with_point_in_time_recovery(
        aws,
        StreamSpecification=STREAM,
        DeletionProtectionEnabled=True,
        TableClass="STANDARD_INFREQUENT_ACCESS",
        Tags=[{"Key": "a", "Value": "1"}],
    )
    aws.client("dynamodb").update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expire_at"}
    )
    aws.clock.advance(SETTLED)
    restore(aws)
    aws.clock.advance(aws.restore_seconds + SETTLED)


def create_other_table(aws):
    aws.client("dynamodb").create_table(TableName="other", BillingMode="PAY_PER_REQUEST", **KEYS)


@setup
def source_and_another_table(aws):
    table_with_point_in_time_recovery(aws)
    create_other_table(aws)


@setup
def source_and_a_table_being_deleted(aws):
    source_and_another_table(aws)
    aws.client("dynamodb").delete_table(TableName="other")


@observation
def what_a_restore_drops(aws, call):
    """Return stream, time to live, point-in-time recovery, tags, deletion protection and class of the table."""
    table = call()["Table"]
    client, name = aws.client("dynamodb"), {"TableName": "restored"}
    backups = client.describe_continuous_backups(**name)["ContinuousBackupsDescription"]
    return [
        "StreamSpecification" in table,
        client.describe_time_to_live(**name)["TimeToLiveDescription"]["TimeToLiveStatus"],
        backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"],
        table["DeletionProtectionEnabled"],
        table.get("TableClassSummary"),
    ]
