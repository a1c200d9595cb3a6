import json

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import EmbeddedAWS

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]
ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}]
CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


@pytest.fixture
def aws():
    with EmbeddedAWS() as embedded:
        yield embedded


@pytest.fixture
def dynamodb(aws):
    # What botocore would refuse has to reach the service.
    return aws.client("dynamodb", parameter_validation=False)


def create(dynamodb, name="orders", **settings):
    billing = {} if "ProvisionedThroughput" in settings else {"BillingMode": "PAY_PER_REQUEST"}
    keys = {"KeySchema": KEYS, "AttributeDefinitions": ATTRIBUTES}
    return dynamodb.create_table(TableName=name, **keys | billing | settings)["TableDescription"]


def index(name, **settings):
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
        **settings,
    }


def recoverable(aws, dynamodb, name="orders", **settings):
    table = create(dynamodb, name, **settings)
    aws.clock.advance(5)
    specification = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=specification)
    return table


def restore(dynamodb, source="orders", target="restored", **settings):
    return dynamodb.restore_table_to_point_in_time(
        **{"SourceTableName": source, "TargetTableName": target, "UseLatestRestorableTime": True} | settings
    )["TableDescription"]


def described(dynamodb, name="orders"):
    return dynamodb.describe_table(TableName=name)["Table"]


def refused(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def stream(*, enabled=True):
    return {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"} if enabled else {"StreamEnabled": False}


# Restores.


def test_a_restore_is_creating_until_its_time_and_tells_its_source_only_then(aws, dynamodb):
    source = recoverable(aws, dynamodb)
    aws.restore_seconds = lambda name: 721 if name == "restored" else 0
    answer = restore(dynamodb)
    assert answer["TableStatus"] == "CREATING"
    aws.clock.advance(720)
    creating = described(dynamodb, "restored")
    assert creating["TableStatus"] == "CREATING"
    assert creating["RestoreSummary"]["SourceTableArn"] == source["TableArn"]
    assert creating["RestoreSummary"]["RestoreInProgress"] is True
    aws.clock.advance(1)
    active = described(dynamodb, "restored")
    assert active["TableStatus"] == "ACTIVE"
    assert "RestoreSummary" not in active


def test_a_restore_keeps_keys_indexes_capacity_encryption_and_items(aws, dynamodb):
    attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "other")]
    recoverable(
        aws,
        dynamodb,
        KeySchema=[*KEYS, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=attributes,
        ProvisionedThroughput=CAPACITY,
        GlobalSecondaryIndexes=[index("global", ProvisionedThroughput=CAPACITY)],
        LocalSecondaryIndexes=[
            index("local", KeySchema=[*KEYS, {"AttributeName": "other", "KeyType": "RANGE"}]),
        ],
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
    )
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "1"}, "sk": {"S": "2"}})
    restore(dynamodb)
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "later"}, "sk": {"S": "2"}})
    aws.clock.advance(300)
    source, target = described(dynamodb), described(dynamodb, "restored")
    for name in ("KeySchema", "AttributeDefinitions", "SSEDescription"):
        assert target[name] == source[name]
    assert target["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    (global_index,), (local_index,) = target["GlobalSecondaryIndexes"], target["LocalSecondaryIndexes"]
    assert global_index["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert global_index["IndexStatus"] == "ACTIVE"
    assert local_index["IndexName"] == "local"
    assert dynamodb.scan(TableName="restored")["Items"] == [{"pk": {"S": "1"}, "sk": {"S": "2"}}]


def test_a_restore_loses_the_other_settings(aws, dynamodb):
    table = recoverable(
        aws,
        dynamodb,
        Tags=[{"Key": "a", "Value": "b"}],
        StreamSpecification=stream(),
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        ResourcePolicy="{}",
    )
    dynamodb.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    dynamodb.update_contributor_insights(TableName="orders", ContributorInsightsAction="ENABLE")
    stream_arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"
    dynamodb.enable_kinesis_streaming_destination(TableName="orders", StreamArn=stream_arn)
    assert described(dynamodb)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    arn = restore(dynamodb)["TableArn"]
    aws.clock.advance(300)
    target = described(dynamodb, "restored")
    assert not {"LatestStreamArn", "StreamSpecification", "TableClassSummary"} & target.keys()
    assert target["DeletionProtectionEnabled"] is False
    assert dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == []
    ttl = dynamodb.describe_time_to_live(TableName="restored")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "DISABLED"}
    backups = dynamodb.describe_continuous_backups(TableName="restored")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    insights = dynamodb.describe_contributor_insights(TableName="restored")
    assert insights["ContributorInsightsStatus"] == "DISABLED"
    destinations = dynamodb.describe_kinesis_streaming_destination(TableName="restored")
    assert destinations["KinesisDataStreamDestinations"] == []
    assert refused(dynamodb.get_resource_policy, ResourceArn=arn)[0] == "PolicyNotFoundException"


def test_overrides_of_a_restore(aws, dynamodb):
    indexes = [index("kept", ProvisionedThroughput=CAPACITY), index("dropped", ProvisionedThroughput=CAPACITY)]
    recoverable(aws, dynamodb, ProvisionedThroughput=CAPACITY, GlobalSecondaryIndexes=indexes)
    restore(
        dynamodb,
        BillingModeOverride="PAY_PER_REQUEST",
        GlobalSecondaryIndexOverride=[index("kept")],
        OnDemandThroughputOverride={"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8},
    )
    aws.clock.advance(300)
    target = described(dynamodb, "restored")
    assert target["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [kept["IndexName"] for kept in target["GlobalSecondaryIndexes"]] == ["kept"]
    assert target["OnDemandThroughput"]["MaxReadRequestUnits"] == 7
    restore(dynamodb, target="none", GlobalSecondaryIndexOverride=[])
    assert "GlobalSecondaryIndexes" not in described(dynamodb, "none")
    other = index("kept") | {"Projection": {"ProjectionType": "KEYS_ONLY"}}
    code, _ = refused(restore, dynamodb=dynamodb, target="other", GlobalSecondaryIndexOverride=[other])
    assert code == "ValidationException"


def test_an_on_demand_table_needs_capacity_to_be_restored_as_provisioned(aws, dynamodb):
    recoverable(aws, dynamodb, OnDemandThroughput={"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8})
    code, _ = refused(restore, dynamodb=dynamodb, BillingModeOverride="PROVISIONED")
    assert code == "ValidationException"
    restore(dynamodb, BillingModeOverride="PROVISIONED", ProvisionedThroughputOverride=CAPACITY)
    target = described(dynamodb, "restored")
    assert "BillingModeSummary" not in target
    assert "OnDemandThroughput" not in target
    assert target["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


def test_restore_from_another_region(aws):
    here, there = aws.client("dynamodb", "eu-west-1"), aws.client("dynamodb", "us-east-1")
    arn = recoverable(aws, there)["TableArn"]
    there.put_item(TableName="orders", Item={"pk": {"S": "1"}})
    code, _ = refused(restore, dynamodb=here)
    assert code == "TableNotFoundException"
    call = {"SourceTableArn": arn, "TargetTableName": "orders", "UseLatestRestorableTime": True}
    encryption = {"SSESpecificationOverride": {"Enabled": False}}
    assert refused(here.restore_table_to_point_in_time, **call)[0] == "ValidationException"
    target = here.restore_table_to_point_in_time(**call, **encryption)["TableDescription"]
    assert target["TableArn"] == "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    aws.clock.advance(300)
    assert here.scan(TableName="orders")["Count"] == 1


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"SourceTableName": "missing"}, "TableNotFoundException"),
        ({"SourceTableName": "plain"}, "PointInTimeRecoveryUnavailableException"),
        ({"TargetTableName": "plain"}, "TableAlreadyExistsException"),
        ({"TargetTableName": "x"}, "ValidationException"),
        ({"TargetTableName": "a b c"}, "ValidationException"),
        ({"UseLatestRestorableTime": None}, "ValidationException"),
        ({"SourceTableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"}, "ValidationException"),
        ({"RestoreDateTime": 1}, "ValidationException"),
        ({"RestoreDateTime": 1, "UseLatestRestorableTime": None}, "InvalidRestoreTimeException"),
    ],
)
def test_restores_that_are_refused(aws, dynamodb, parameters, code):
    recoverable(aws, dynamodb)
    create(dynamodb, "plain")
    sent = {"SourceTableName": "orders", "TargetTableName": "new", "UseLatestRestorableTime": True} | parameters
    sent = {name: value for name, value in sent.items() if value is not None}
    assert refused(dynamodb.restore_table_to_point_in_time, **sent)[0] == code


def test_another_accounts_table_is_not_restored(aws, dynamodb):
    recoverable(aws, dynamodb)
    code, _ = refused(
        dynamodb.restore_table_to_point_in_time,
        SourceTableArn="arn:aws:dynamodb:eu-west-1:999999999999:table/orders",
        TargetTableName="new",
        UseLatestRestorableTime=True,
    )
    assert code == "ValidationException"


def test_restores_at_a_time_are_limited(aws, dynamodb):
    recoverable(aws, dynamodb)
    aws.concurrent_restores = 1
    restore(dynamodb)
    assert refused(restore, dynamodb=dynamodb, target="second")[0] == "LimitExceededException"
    aws.clock.advance(300)
    restore(dynamodb, target="second")


# Backups: probe notes DDB-BACKUP-004, -009, -012, -015 and -016 of October 2026
# (aws-controllers-k8s/dynamodb-controller, docs/api-quirks/backup.md).


def backed_up(dynamodb, name="orders"):
    return dynamodb.create_backup(TableName=name, BackupName="nightly")["BackupDetails"]["BackupArn"]


def test_a_backup_tells_keys_and_capacity_and_only_features_that_are_on(aws, dynamodb):
    table = create(dynamodb)
    aws.clock.advance(60)
    plain = dynamodb.describe_backup(BackupArn=backed_up(dynamodb))["BackupDescription"]
    assert plain["SourceTableFeatureDetails"] == {}
    details = plain["SourceTableDetails"]
    assert details.keys() == {
        *("TableName", "TableId", "TableArn", "TableSizeBytes", "KeySchema", "TableCreationDateTime"),
        *("ProvisionedThroughput", "ItemCount", "BillingMode"),
    }
    assert [details[key] for key in ("TableId", "TableArn")] == [table["TableId"], table["TableArn"]]
    assert details["TableCreationDateTime"] == table["CreationDateTime"]
    assert details["ProvisionedThroughput"] == {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}

    dynamodb.update_table(TableName="orders", StreamSpecification=stream())
    dynamodb.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    aws.clock.advance(3600)
    rich = dynamodb.describe_backup(BackupArn=backed_up(dynamodb))["BackupDescription"]
    assert rich["SourceTableFeatureDetails"] == {
        "StreamDescription": stream(),
        "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"},
    }


def test_only_the_table_id_tells_a_backup_s_table_from_a_later_one_of_its_name(aws, dynamodb):
    create(dynamodb)
    aws.clock.advance(60)
    arn = backed_up(dynamodb)
    dynamodb.delete_table(TableName="orders")
    aws.clock.advance(60)
    later = create(dynamodb)
    of_backup = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["SourceTableDetails"]
    assert of_backup["TableArn"] == later["TableArn"]
    assert of_backup["TableId"] != later["TableId"]


def test_the_region_in_a_backup_s_arn_is_not_looked_at_and_the_rest_is(aws, dynamodb):
    create(dynamodb)
    aws.clock.advance(60)
    arn = backed_up(dynamodb)
    swapped = arn.replace(":eu-west-1:", ":us-east-1:")
    details = dynamodb.describe_backup(BackupArn=swapped)["BackupDescription"]["BackupDetails"]
    assert details["BackupArn"] == swapped
    wrong = {
        arn.replace(":eu-west-1:", ":xx-fake-1:"): ("ValidationException", "BackupArn is not valid"),
        arn.replace("arn:aws:", "arn:aws-cn:"): ("ValidationException", "BackupArn is not valid"),
        arn.replace(":dynamodb:", ":backup:"): ("ValidationException", "BackupArn is not valid"),
        arn.partition("/backup/")[0]: ("ValidationException", "Invalid Backup ARN"),
        arn.replace(":eu-west-1:", "::"): ("AccessDeniedException", "Access is denied"),
        arn.replace(f":{aws.account}:", ":999999999999:"): ("AccessDeniedException", "Access is denied"),
        arn[:-1] + "x": ("BackupNotFoundException", f"Backup not found: {arn[:-1]}x"),
    }
    assert {named: refused(dynamodb.describe_backup, BackupArn=named) for named in wrong} == wrong
    elsewhere = aws.client("dynamodb", "us-east-1")
    assert refused(elsewhere.describe_backup, BackupArn=arn)[0] == "BackupNotFoundException"


def test_a_deleted_table_with_pitr_leaves_a_system_backup_which_can_be_restored_under_its_name(aws, dynamodb):
    table = recoverable(aws, dynamodb)
    create(dynamodb, "plain")
    for name in ("orders", "plain"):
        dynamodb.delete_table(TableName=name)
    aws.clock.advance(60)
    assert dynamodb.list_backups()["BackupSummaries"] == []
    (backup,) = dynamodb.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    assert backup["BackupName"] == "orders$DeletedTableBackup"
    assert backup["BackupArn"].endswith("-00000000")
    description = dynamodb.describe_backup(BackupArn=backup["BackupArn"])["BackupDescription"]
    kept = description["BackupDetails"]["BackupExpiryDateTime"] - description["BackupDetails"]["BackupCreationDateTime"]
    assert kept.days == 35
    assert description["SourceTableDetails"]["TableId"] == table["TableId"]
    assert description["SourceTableFeatureDetails"] == {}
    restored = dynamodb.restore_table_from_backup(TargetTableName="orders", BackupArn=backup["BackupArn"])
    assert restored["TableDescription"]["TableArn"] == table["TableArn"]
    assert restored["TableDescription"]["TableId"] != table["TableId"]


def test_restore_from_a_backup(aws, dynamodb):
    table = create(dynamodb, ProvisionedThroughput=CAPACITY)
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "1"}})
    arn = dynamodb.create_backup(TableName="orders", BackupName="nightly")["BackupDetails"]["BackupArn"]
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "2"}})
    target = dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=arn)["TableDescription"]
    assert target["TableStatus"] == "CREATING"
    assert target["RestoreSummary"]["SourceBackupArn"] == arn
    assert target["RestoreSummary"]["SourceTableArn"] == table["TableArn"]
    aws.clock.advance(300)
    assert dynamodb.scan(TableName="restored")["Items"] == [{"pk": {"S": "1"}}]
    assert described(dynamodb, "restored")["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    restored = {"BackupArn": arn, "BillingModeOverride": "PAY_PER_REQUEST"}
    dynamodb.restore_table_from_backup(TargetTableName="on-demand", **restored)
    assert described(dynamodb, "on-demand")["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    missing = {"TargetTableName": "other", "BackupArn": arn + "0"}
    assert refused(dynamodb.restore_table_from_backup, **missing)[0] == "BackupNotFoundException"


# A table that is CREATING, UPDATING or DELETING.


def test_what_a_creating_table_refuses(aws, dynamodb):
    recoverable(aws, dynamodb)
    arn = restore(dynamodb)["TableArn"]
    name = {"TableName": "restored"}
    tags = {"ResourceArn": arn, "Tags": [{"Key": "a", "Value": "b"}]}
    ttl = {"Enabled": True, "AttributeName": "expires"}
    recovery = {"PointInTimeRecoveryEnabled": True}
    stream_arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"
    calls = {
        "ResourceNotFoundException": [
            lambda: dynamodb.tag_resource(**tags),
            lambda: dynamodb.update_time_to_live(**name, TimeToLiveSpecification=ttl),
            lambda: dynamodb.update_table(**name, StreamSpecification=stream()),
            lambda: dynamodb.put_resource_policy(ResourceArn=arn, Policy="{}"),
            lambda: dynamodb.update_contributor_insights(**name, ContributorInsightsAction="ENABLE"),
            lambda: dynamodb.enable_kinesis_streaming_destination(**name, StreamArn=stream_arn),
            lambda: dynamodb.put_item(**name, Item={"pk": {"S": "1"}}),
            lambda: dynamodb.batch_write_item(
                RequestItems={"restored": [{"PutRequest": {"Item": {"pk": {"S": "1"}}}}]}
            ),
        ],
        "TableNotFoundException": [
            lambda: dynamodb.update_continuous_backups(**name, PointInTimeRecoverySpecification=recovery),
        ],
        "ResourceInUseException": [lambda: dynamodb.delete_table(**name)],
    }
    for code, refusals in calls.items():
        for call in refusals:
            assert refused(call)[0] == code
    aws.clock.advance(300)
    calls["ResourceNotFoundException"][0]()


def test_a_deleted_table_is_there_for_some_seconds(aws, dynamodb):
    create(dynamodb)
    assert dynamodb.delete_table(TableName="orders")["TableDescription"]["TableStatus"] == "DELETING"
    assert described(dynamodb)["TableStatus"] == "DELETING"
    assert refused(dynamodb.delete_table, TableName="orders")[0] == "ResourceInUseException"
    assert refused(dynamodb.scan, TableName="orders")[0] == "ResourceNotFoundException"
    aws.clock.advance(5)
    code, message = refused(dynamodb.describe_table, TableName="orders")
    assert (code, message) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: orders not found",
    )
    create(dynamodb)


def test_a_protected_table_is_not_deleted(dynamodb):
    create(dynamodb, DeletionProtectionEnabled=True)
    assert refused(dynamodb.delete_table, TableName="orders")[0] == "ValidationException"
    dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName="orders")


def test_tables_are_named_by_name_or_arn(dynamodb):
    arn = create(dynamodb)["TableArn"]
    assert described(dynamodb, arn)["TableName"] == "orders"
    ttl = {"Enabled": True, "AttributeName": "expires"}
    dynamodb.update_time_to_live(TableName=arn, TimeToLiveSpecification=ttl)
    assert dynamodb.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]["AttributeName"] == "expires"
    elsewhere = arn.replace("eu-west-1", "us-east-1")
    assert refused(dynamodb.describe_table, TableName=elsewhere)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("name", ["ab", "a" * 256, "a/b/c", "käse"])
def test_names_that_a_table_may_not_have(dynamodb, name):
    assert refused(create, dynamodb=dynamodb, name=name)[0] == "ValidationException"


@pytest.mark.parametrize("name", ["abc", "a" * 255, "a.b-c_D9", "..."])
def test_names_that_a_table_may_have(aws, dynamodb, name):
    recoverable(aws, dynamodb, name)
    restore(dynamodb, source=name, target=name[::-1] + "." if len(name) < 255 else "b" * 255)


# UpdateTable.


def test_a_stream_can_be_enabled_disabled_and_enabled_again(aws, dynamodb):
    create(dynamodb)
    first = dynamodb.update_table(TableName="orders", StreamSpecification=stream())["TableDescription"]
    assert first["TableStatus"] == "UPDATING"
    assert first["StreamSpecification"] == stream()
    assert first["LatestStreamArn"].endswith(f"table/orders/stream/{first['LatestStreamLabel']}")
    disable = {"TableName": "orders", "StreamSpecification": stream(enabled=False)}
    assert refused(dynamodb.update_table, **disable)[0] == "ResourceInUseException"
    aws.clock.advance(4.4)
    assert described(dynamodb)["TableStatus"] == "UPDATING"
    aws.clock.advance(0.1)
    assert described(dynamodb)["TableStatus"] == "ACTIVE"
    enable = {"TableName": "orders", "StreamSpecification": stream()}
    code, message = refused(dynamodb.update_table, **enable)
    assert code == "ValidationException"
    assert "Table already has an enabled stream" in message
    dynamodb.update_table(**disable)
    aws.clock.advance(5)
    disabled = described(dynamodb)
    assert "StreamSpecification" not in disabled
    assert disabled["LatestStreamArn"] == first["LatestStreamArn"]
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "1"}})
    again = dynamodb.update_table(**enable)["TableDescription"]
    assert again["LatestStreamArn"] != first["LatestStreamArn"]


def test_one_concern_a_call(dynamodb):
    create(dynamodb)
    both = {"DeletionProtectionEnabled": True, "StreamSpecification": stream()}
    assert refused(dynamodb.update_table, TableName="orders", **both)[0] == "ValidationException"
    assert refused(dynamodb.update_table, TableName="orders")[0] == "ValidationException"
    assert described(dynamodb)["DeletionProtectionEnabled"] is False


def test_deletion_protection_changes_at_once_even_while_updating(dynamodb):
    create(dynamodb)
    dynamodb.update_table(TableName="orders", StreamSpecification=stream())
    dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=True)
    table = described(dynamodb)
    assert (table["DeletionProtectionEnabled"], table["TableStatus"]) == (True, "UPDATING")


def test_the_table_class_changes_twice_in_thirty_days(aws, dynamodb):
    create(dynamodb)
    for table_class in ("STANDARD_INFREQUENT_ACCESS", "STANDARD"):
        dynamodb.update_table(TableName="orders", TableClass=table_class)
        assert described(dynamodb)["TableStatus"] == "UPDATING"
        aws.clock.advance(5)
        assert described(dynamodb)["TableClassSummary"]["TableClass"] == table_class
    again = {"TableName": "orders", "TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert refused(dynamodb.update_table, **again)[0] == "LimitExceededException"
    aws.clock.advance(30 * 86400)
    dynamodb.update_table(**again)


def test_billing_mode_is_told_only_of_tables_that_were_on_demand_once(aws, dynamodb):
    create(dynamodb, ProvisionedThroughput=CAPACITY)
    assert "BillingModeSummary" not in described(dynamodb)
    maximum = {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8}
    code, _ = refused(dynamodb.update_table, TableName="orders", OnDemandThroughput=maximum)
    assert code == "ValidationException"
    dynamodb.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    aws.clock.advance(5)
    assert described(dynamodb)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described(dynamodb)["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert refused(dynamodb.update_table, TableName="orders", BillingMode="PROVISIONED")[0] == "ValidationException"
    dynamodb.update_table(TableName="orders", BillingMode="PROVISIONED", ProvisionedThroughput=CAPACITY)
    assert described(dynamodb)["BillingModeSummary"]["BillingMode"] == "PROVISIONED"


def test_an_index_is_created_later_than_its_table_is_active_again(aws, dynamodb):
    create(dynamodb)
    dynamodb.update_table(
        TableName="orders", AttributeDefinitions=ATTRIBUTES, GlobalSecondaryIndexUpdates=[{"Create": index("late")}]
    )
    aws.clock.advance(5)
    table = described(dynamodb)
    assert (table["TableStatus"], table["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("ACTIVE", "CREATING")
    aws.clock.advance(60)
    assert described(dynamodb)["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    dynamodb.update_table(TableName="orders", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "late"}}])
    assert "GlobalSecondaryIndexes" not in described(dynamodb)


# Tags.


def test_tags_are_merged_and_read_some_seconds_later(aws, dynamodb):
    arn = create(dynamodb, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}, {"Key": "c", "Value": "4"}])
    assert tags_of(dynamodb, arn) == {"a": "1", "b": "2"}
    again = {"ResourceArn": arn, "Tags": [{"Key": "d", "Value": "5"}]}
    assert refused(dynamodb.tag_resource, **again)[0] == "LimitExceededException"
    aws.clock.advance(2.5)
    assert tags_of(dynamodb, arn) == {"a": "3", "b": "2", "c": "4"}
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["a", "x"])
    aws.clock.advance(2.5)
    assert tags_of(dynamodb, arn) == {"b": "2", "c": "4"}


def tags_of(dynamodb, arn):
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for answer in pages for tag in answer["Tags"]}


def test_tags_come_in_pages_of_ten(dynamodb):
    arn = create(dynamodb, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(25)])["TableArn"]
    assert len(dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]) == 10
    assert len(tags_of(dynamodb, arn)) == 25


@pytest.mark.parametrize(
    "tags",
    [
        [{"Key": "aws:x", "Value": "1"}, {"Key": "fine", "Value": "1"}],
        [{"Key": f"k{n}", "Value": "v"} for n in range(50)],
        [{"Key": "k" * 129, "Value": "v"}],
        [{"Key": "k", "Value": "v" * 257}],
    ],
)
def test_tags_that_are_refused_change_nothing(aws, dynamodb, tags):
    arn = create(dynamodb, Tags=[{"Key": "a", "Value": "1"}])["TableArn"]
    assert refused(dynamodb.tag_resource, ResourceArn=arn, Tags=tags)[0] == "ValidationException"
    aws.clock.advance(10)
    assert tags_of(dynamodb, arn) == {"a": "1"}


def test_tags_that_aws_assigns_are_listed_and_count_toward_no_limit(aws, dynamodb):
    arn = create(dynamodb, Tags=[{"Key": "a", "Value": "1"}])["TableArn"]
    aws.dynamodb.assign_tags(arn, {"aws:cloudformation:stack-name": "orders"})
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(49)])
    again = {"ResourceArn": arn, "Tags": [{"Key": "aws:cloudformation:stack-name", "Value": "mine"}]}
    aws.clock.advance(10)
    assert refused(dynamodb.tag_resource, **again)[0] == "ValidationException"
    assert len(tags_of(dynamodb, arn)) == 51
    assert tags_of(dynamodb, arn)["aws:cloudformation:stack-name"] == "orders"


# Time to live.


def test_time_to_live_is_not_idempotent(aws, dynamodb):
    create(dynamodb)

    def update(*, enabled, attribute="expires"):
        specification = {"Enabled": enabled, "AttributeName": attribute}
        return dynamodb.update_time_to_live(TableName="orders", TimeToLiveSpecification=specification)

    def status():
        return dynamodb.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]

    assert "already disabled" in refused(update, enabled=False)[1]
    update(enabled=True)
    assert status() == {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    assert refused(update, enabled=True) == ("ValidationException", "TimeToLive is already enabled")
    assert "TimeToLive is active on a different AttributeName" in refused(update, enabled=True, attribute="other")[1]
    assert "modified multiple times within a fixed interval" in refused(update, enabled=False)[1]
    aws.clock.advance(3600)
    assert status()["TimeToLiveStatus"] == "ENABLED"
    assert refused(update, enabled=True) == ("ValidationException", "TimeToLive is already enabled")
    update(enabled=False)
    assert status()["TimeToLiveStatus"] == "DISABLING"
    aws.clock.advance(3600)
    assert status() == {"TimeToLiveStatus": "DISABLED"}


# Point-in-time recovery.


def test_recovery_is_unavailable_in_a_tables_first_seconds(aws, dynamodb):
    recoverable(aws, dynamodb)
    restore(dynamodb)
    enable = {"TableName": "restored", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    aws.clock.advance(aws.restore_seconds + 4)
    assert refused(dynamodb.update_continuous_backups, **enable)[0] == "ContinuousBackupsUnavailableException"
    aws.clock.advance(1)
    dynamodb.update_continuous_backups(**enable)


def test_the_recovery_period(aws, dynamodb):
    create(dynamodb)
    aws.clock.advance(5)

    def update(**specification):
        answer = dynamodb.update_continuous_backups(TableName="orders", PointInTimeRecoverySpecification=specification)
        return answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"].get("RecoveryPeriodInDays")

    assert update(PointInTimeRecoveryEnabled=True) == 35
    assert update(PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=7) == 7
    for days in (0, 36):
        code, _ = refused(update, PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=days)
        assert code == "ValidationException"
    assert refused(update, PointInTimeRecoveryEnabled=False, RecoveryPeriodInDays=7)[0] == "ValidationException"
    assert update(PointInTimeRecoveryEnabled=False) is None


# Kinesis streaming destinations.


def test_a_kinesis_destination_is_enabling_then_active(aws, dynamodb):
    create(dynamodb)
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="changes")["StreamDescriptionSummary"]["StreamARN"]
    enable = {
        "TableName": "orders",
        "StreamArn": arn,
        "EnableKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    }
    assert dynamodb.enable_kinesis_streaming_destination(**enable)["DestinationStatus"] == "ENABLING"
    assert destination(dynamodb)["DestinationStatus"] == "ENABLING"
    code, message = refused(dynamodb.enable_kinesis_streaming_destination, **enable)
    assert code == "ValidationException"
    assert "must be DISABLED or ENABLE_FAILED" in message
    aws.clock.advance(5)
    assert destination(dynamodb) == {
        "StreamArn": arn,
        "DestinationStatus": "ACTIVE",
        "ApproximateCreationDateTimePrecision": "MICROSECOND",
    }
    update = {"UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MILLISECOND"}}
    dynamodb.update_kinesis_streaming_destination(TableName="orders", StreamArn=arn, **update)
    assert destination(dynamodb)["ApproximateCreationDateTimePrecision"] == "MILLISECOND"
    aws.clock.advance(123)
    assert destination(dynamodb)["DestinationStatus"] == "UPDATING"
    aws.clock.advance(30)
    assert destination(dynamodb)["DestinationStatus"] == "ACTIVE"
    dynamodb.disable_kinesis_streaming_destination(TableName="orders", StreamArn=arn)
    aws.clock.advance(5)
    assert destination(dynamodb)["DestinationStatus"] == "DISABLED"
    dynamodb.enable_kinesis_streaming_destination(**enable)


def destination(dynamodb):
    answer = dynamodb.describe_kinesis_streaming_destination(TableName="orders")
    (only,) = answer["KinesisDataStreamDestinations"]
    return only


def test_a_table_has_one_destination_that_is_on(aws, dynamodb):
    create(dynamodb)
    for name in ("one", "two"):
        aws.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    one, two = (f"arn:aws:kinesis:eu-west-1:123456789012:stream/{name}" for name in ("one", "two"))
    dynamodb.enable_kinesis_streaming_destination(TableName="orders", StreamArn=one)
    for _ in ("ENABLING", "ACTIVE"):
        code, message = refused(dynamodb.enable_kinesis_streaming_destination, TableName="orders", StreamArn=two)
        assert code == "ValidationException"
        assert "must be DISABLED or ENABLE_FAILED to perform ENABLE" in message
        aws.clock.advance(10)
    assert destination(dynamodb) == {"StreamArn": one, "DestinationStatus": "ACTIVE"}
    aws.client("kinesis").delete_stream(StreamName="one")
    aws.clock.advance(60)
    assert destination(dynamodb)["DestinationStatus"] == "ACTIVE"
    dynamodb.disable_kinesis_streaming_destination(TableName="orders", StreamArn=one)
    aws.clock.advance(5)
    dynamodb.enable_kinesis_streaming_destination(TableName="orders", StreamArn=two)
    answer = dynamodb.describe_kinesis_streaming_destination(TableName="orders")
    statuses = {d["StreamArn"]: d["DestinationStatus"] for d in answer["KinesisDataStreamDestinations"]}
    assert statuses == {one: "DISABLED", two: "ENABLING"}


@pytest.mark.parametrize(
    ("stream", "precision", "words"),
    [
        ("changes", "MILLISECOND", "Precision is already set to the desired value of MILLISECOND"),
        ("other", "MICROSECOND", "No streaming destination with streamArn"),
        ("changes", "MICROSECOND", "Updates are only allowed in ACTIVE state"),
    ],
)
def test_a_precision_is_not_updated_to_what_it_is_nor_without_an_active_destination(
    aws, dynamodb, stream, precision, words
):
    create(dynamodb)
    aws.client("kinesis").create_stream(StreamName="changes", ShardCount=1)
    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/"
    dynamodb.enable_kinesis_streaming_destination(TableName="orders", StreamArn=f"{arn}changes")
    if "Updates" not in words:
        aws.clock.advance(10)
    code, message = refused(
        dynamodb.update_kinesis_streaming_destination,
        TableName="orders",
        StreamArn=f"{arn}{stream}",
        UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": precision},
    )
    assert code == "ValidationException"
    assert words in message


def test_a_destination_fails_when_its_time_comes_whatever_another_service_has_later(aws, dynamodb):
    create(dynamodb)
    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"
    dynamodb.enable_kinesis_streaming_destination(TableName="orders", StreamArn=arn)
    aws.clock.advance(60)
    aws.client("kinesis").create_stream(StreamName="changes", ShardCount=1)
    assert destination(dynamodb)["DestinationStatus"] == "ENABLE_FAILED"


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_destination_without_a_stream_fails_only_later(aws, dynamodb, region):
    create(dynamodb)
    aws.client("kinesis", "us-east-1").create_stream(StreamName="changes", ShardCount=1)
    arn = f"arn:aws:kinesis:{region}:123456789012:stream/changes"
    dynamodb.enable_kinesis_streaming_destination(TableName="orders", StreamArn=arn)
    aws.clock.advance(5)
    failed = destination(dynamodb)
    assert failed["DestinationStatus"] == "ENABLE_FAILED"
    assert failed["DestinationStatusDescription"]
    dynamodb.enable_kinesis_streaming_destination(TableName="orders", StreamArn=arn)


# Contributor Insights.


def test_contributor_insights_of_a_table_and_an_index(aws, dynamodb):
    create(dynamodb, GlobalSecondaryIndexes=[index("by-date")])
    enable = {"TableName": "orders", "ContributorInsightsAction": "ENABLE"}
    dynamodb.update_contributor_insights(**enable, ContributorInsightsMode="THROTTLED_KEYS")
    dynamodb.update_contributor_insights(**enable, IndexName="by-date")
    table = dynamodb.describe_contributor_insights(TableName="orders")
    assert table["ContributorInsightsStatus"] == "ENABLING"
    aws.clock.advance(8)
    table = dynamodb.describe_contributor_insights(TableName="orders")
    by = dynamodb.describe_contributor_insights(TableName="orders", IndexName="by-date")
    assert (table["ContributorInsightsStatus"], table["ContributorInsightsMode"]) == ("ENABLED", "THROTTLED_KEYS")
    assert by["ContributorInsightsMode"] == "ACCESSED_AND_THROTTLED_KEYS"
    assert len(dynamodb.list_contributor_insights(TableName="orders")["ContributorInsightsSummaries"]) == 2
    missing = {**enable, "IndexName": "missing"}
    assert refused(dynamodb.update_contributor_insights, **missing)[0] == "ResourceNotFoundException"
    dynamodb.update_contributor_insights(**enable)
    changed = dynamodb.describe_contributor_insights(TableName="orders")
    assert changed["ContributorInsightsMode"] == "ACCESSED_AND_THROTTLED_KEYS"


# Resource policies.


def policy(arn, **statement):
    allow = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": ["dynamodb:Query"], "Resource": [arn]}
    return json.dumps({"Statement": [allow | statement], "Version": "2012-10-17"}, indent=2)


def test_a_resource_policy_is_read_some_seconds_later_in_aws_s_own_form(aws, dynamodb):
    arn = create(dynamodb)["TableArn"]
    revision = dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn))["RevisionId"]
    assert refused(dynamodb.get_resource_policy, ResourceArn=arn)[0] == "PolicyNotFoundException"
    aws.clock.advance(2)
    root = "arn:aws:iam::444455556666:root"
    text = dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
    assert text == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"' + root + '"},'
        '"Action":"dynamodb:Query","Resource":"' + arn + '"}]}'
    )
    # What says the same changes nothing, at any time.
    both = policy(arn, Principal={"AWS": ["444455556666", root]})
    for same in (text, policy(arn), both):
        assert dynamodb.put_resource_policy(ResourceArn=arn, Policy=same)["RevisionId"] == revision
    expecting = {"ResourceArn": arn, "Policy": policy(arn, Sid="other"), "ExpectedRevisionId": "NO_POLICY"}
    assert refused(dynamodb.put_resource_policy, **expecting)[0] == "PolicyNotFoundException"


def test_another_policy_is_refused_for_15_seconds_on_the_table_and_on_its_stream_apart(aws, dynamodb):
    table = create(dynamodb, StreamSpecification=stream())
    arn = table["TableArn"]
    revision = dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn))["RevisionId"]
    other = {"ResourceArn": arn, "Policy": policy(arn, Sid="other")}
    assert refused(dynamodb.put_resource_policy, **other)[0] == "ResourceInUseException"
    stream_arn = table["LatestStreamArn"]
    dynamodb.put_resource_policy(ResourceArn=stream_arn, Policy=policy(stream_arn, Action="dynamodb:GetRecords"))
    aws.clock.advance(5)
    expecting = other | {"ExpectedRevisionId": revision}
    assert refused(dynamodb.put_resource_policy, **expecting)[0] == "ResourceInUseException"
    code, message = refused(dynamodb.put_resource_policy, **other)
    assert code == "ThrottlingException"
    assert "modified within the previous 15000 milliseconds" in message
    assert refused(dynamodb.delete_resource_policy, ResourceArn=arn)[0] == "ThrottlingException"
    aws.clock.advance(10)
    assert dynamodb.put_resource_policy(**other)["RevisionId"] != revision
    aws.clock.advance(15)
    dynamodb.delete_resource_policy(ResourceArn=arn)
    aws.clock.advance(2)
    assert refused(dynamodb.get_resource_policy, ResourceArn=arn)[0] == "PolicyNotFoundException"


@pytest.mark.parametrize("text", ["{}", policy("*", Principal="*"), policy("*", Sid="x" * 20_480)])
def test_a_policy_that_is_none_or_for_everybody_or_too_long_is_refused(dynamodb, text):
    arn = create(dynamodb)["TableArn"]
    assert refused(dynamodb.put_resource_policy, ResourceArn=arn, Policy=text)[0] == "ValidationException"
