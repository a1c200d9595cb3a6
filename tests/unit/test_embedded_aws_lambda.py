import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import EmbeddedAWS

TABLE = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
}
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:on-change"


@pytest.fixture
def aws():
    with EmbeddedAWS() as embedded:
        yield embedded


@pytest.fixture
def lambda_(aws):
    return aws.client("lambda", parameter_validation=False)


@pytest.fixture
def stream(aws):
    return aws.client("dynamodb").create_table(TableName="orders", **TABLE)["TableDescription"]["LatestStreamArn"]


@pytest.fixture
def function(aws, lambda_):
    return make_function(aws, lambda_)


def make_function(aws, lambda_, name="on-change", **settings):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("function.py", "")
    iam = aws.client("iam")
    if not iam.list_roles()["Roles"]:
        iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    return lambda_.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role="arn:aws:iam::123456789012:role/role",
        Handler="function.handler",
        Code={"ZipFile": content.getvalue()},
        **settings,
    )


def create(lambda_, stream, name="on-change", **settings):
    parameters = {"EventSourceArn": stream, "FunctionName": name, "StartingPosition": "LATEST"} | settings
    return lambda_.create_event_source_mapping(**parameters)


def only(lambda_, **filters):
    (mapping,) = lambda_.list_event_source_mappings(**filters)["EventSourceMappings"]
    return mapping


def refused(call, *arguments, **parameters):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(("enabled", "state"), [({}, "Enabled"), ({"Enabled": False}, "Disabled")])
@pytest.mark.usefixtures("function")
def test_a_mapping_is_creating_first(aws, lambda_, stream, enabled, state):
    created = create(lambda_, stream, **enabled)
    assert (created["State"], created["FunctionArn"]) == ("Creating", FUNCTION)
    aws.clock.advance(9)
    assert only(lambda_)["State"] == "Creating"
    aws.clock.advance(1)
    assert only(lambda_)["State"] == state


@pytest.mark.usefixtures("function")
def test_what_a_mapping_says_when_nothing_was_sent(lambda_, stream):
    create(lambda_, stream)
    mapping = only(lambda_)
    assert mapping["DestinationConfig"] == {"OnFailure": {}}
    assert (mapping["BatchSize"], mapping["MaximumRetryAttempts"], mapping["FunctionResponseTypes"]) == (100, -1, [])


@pytest.mark.usefixtures("function")
def test_what_is_sent_is_kept_zeros_included(lambda_, stream):
    settings = {
        "BatchSize": 1,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:123456789012:dead"}},
        "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": 60,
        "MaximumRetryAttempts": 0,
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "ParallelizationFactor": 10,
        "StartingPosition": "TRIM_HORIZON",
        "TumblingWindowInSeconds": 0,
    }
    create(lambda_, stream, **settings)
    mapping = only(lambda_)
    assert {name: mapping[name] for name in settings} == settings


@pytest.mark.usefixtures("function")
def test_the_same_stream_and_function_conflict(lambda_, stream):
    create(lambda_, stream)
    assert refused(create, lambda_, stream, FUNCTION) == ("ResourceConflictException", 409)
    lambda_.publish_version(FunctionName="on-change")
    lambda_.create_alias(FunctionName="on-change", Name="live", FunctionVersion="1")
    alias = create(lambda_, stream, "on-change:live")
    assert alias["FunctionArn"] == f"{FUNCTION}:live"
    assert refused(create, lambda_, stream, f"{FUNCTION}:live")[0] == "ResourceConflictException"
    assert only(lambda_, FunctionName="on-change:live")["UUID"] == alias["UUID"]
    assert only(lambda_, FunctionName="on-change")["FunctionArn"] == FUNCTION


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"FunctionName": "missing"}, None),
        ({"FunctionName": "on-change:missing"}, None),
        ({"EventSourceArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2020"}, None),
        ({"EventSourceArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/gone/stream/2020"}, None),
        ({"StartingPosition": None}, None),
        ({"StartingPosition": "AT_TIMESTAMP"}, None),
        ({"ScalingConfig": {"MaximumConcurrency": 2}}, None),
        ({"FilterCriteria": {"Filters": [{"Pattern": "no"}]}}, None),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}] * 6}}, None),
        ({"BatchSize": 10001}, "ValidationException"),
        ({"ParallelizationFactor": 11}, "ValidationException"),
    ],
)
@pytest.mark.usefixtures("function")
def test_mappings_that_are_refused(lambda_, stream, settings, code):
    sent = {"EventSourceArn": stream, "FunctionName": "on-change", "StartingPosition": "LATEST"} | settings
    sent = {name: value for name, value in sent.items() if value is not None}
    refusal = refused(lambda_.create_event_source_mapping, **sent)[0]
    assert refusal == (code or "InvalidParameterValueException")
    assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.usefixtures("function")
def test_a_stream_whose_table_is_gone(aws, lambda_, stream):
    aws.client("dynamodb").delete_table(TableName="orders")
    aws.clock.advance(10)
    assert refused(create, lambda_, stream)[0] == "InvalidParameterValueException"


def test_a_stream_of_another_region(aws, stream):
    there = aws.client("lambda", "us-east-1")
    make_function(aws, there)
    assert refused(create, there, stream)[0] == "InvalidParameterValueException"


READS = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]


def let_role(aws, actions, table):
    resource = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}/stream/*"
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}]}
    aws.client("iam").put_role_policy(RoleName="role", PolicyName="streams", PolicyDocument=json.dumps(policy))


@pytest.mark.usefixtures("function")
def test_a_function_whose_role_may_read_the_stream(aws, lambda_, stream):
    aws.permissions.enforced = True
    let_role(aws, READS, "orders")
    assert create(lambda_, stream)["State"] == "Creating"


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize(
    "allowed", [(READS, "ledger"), *(([read for read in READS if read != missing], "orders") for missing in READS)]
)
@pytest.mark.usefixtures("function")
def test_a_function_whose_role_may_not_read_the_stream(aws, lambda_, stream, allowed, enabled):
    aws.permissions.enforced = True
    let_role(aws, *allowed)
    with pytest.raises(ClientError, match=f"Cannot access stream {stream}. Please ensure the role can") as caught:
        create(lambda_, stream, Enabled=enabled)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.usefixtures("function")
def test_filters_with_a_key_are_told_by_get_only(lambda_, stream):
    criteria = {"Filters": [{"Pattern": "{}"}]}
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    mapping = create(lambda_, stream, FilterCriteria=criteria, KMSKeyArn=key)
    listed = only(lambda_)
    assert "FilterCriteria" not in listed
    assert listed["KMSKeyArn"] == key
    assert lambda_.get_event_source_mapping(UUID=mapping["UUID"])["FilterCriteria"] == criteria


@pytest.mark.usefixtures("function")
def test_a_filter_whose_key_is_disabled_is_an_error(aws, lambda_, stream):
    key = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    mapping = {"UUID": create(lambda_, stream, FilterCriteria={"Filters": [{"Pattern": "{}"}]}, KMSKeyArn=key)["UUID"]}
    aws.lambda_.lose_filter_key("eu-west-1", mapping["UUID"])
    seen = lambda_.get_event_source_mapping(**mapping)
    assert "FilterCriteria" not in seen
    assert seen["FilterCriteriaError"]["ErrorCode"] == "KMSDisabledException"
    assert "FilterCriteriaError" not in only(lambda_)


@pytest.mark.usefixtures("function")
def test_lists_come_in_pages_of_a_hundred(lambda_, stream):
    lambda_.publish_version(FunctionName="on-change")
    for number in range(120):
        lambda_.create_alias(FunctionName="on-change", Name=f"a{number}", FunctionVersion="1")
        create(lambda_, stream, f"on-change:a{number}")
    first = lambda_.list_event_source_mappings(EventSourceArn=stream, MaxItems=1000)
    second = lambda_.list_event_source_mappings(EventSourceArn=stream, Marker=first["NextMarker"])
    assert (len(first["EventSourceMappings"]), len(second["EventSourceMappings"])) == (100, 20)
    assert "NextMarker" not in second
    assert lambda_.list_event_source_mappings(EventSourceArn=f"{stream}0")["EventSourceMappings"] == []


@pytest.mark.usefixtures("function")
def test_a_mapping_that_changes_is_left_alone(aws, lambda_, stream):
    mapping = {"UUID": create(lambda_, stream)["UUID"]}
    assert refused(lambda_.update_event_source_mapping, **mapping, BatchSize=5)[0] == "ResourceInUseException"
    assert refused(lambda_.delete_event_source_mapping, **mapping)[0] == "ResourceInUseException"
    aws.clock.advance(10)
    assert lambda_.update_event_source_mapping(**mapping, Enabled=False)["State"] == "Disabling"
    aws.clock.advance(10)
    assert only(lambda_)["State"] == "Disabled"
    assert lambda_.update_event_source_mapping(**mapping, BatchSize=5)["State"] == "Updating"
    aws.clock.advance(10)
    assert (only(lambda_)["State"], only(lambda_)["BatchSize"]) == ("Disabled", 5)
    assert lambda_.delete_event_source_mapping(**mapping)["State"] == "Deleting"
    assert only(lambda_)["State"] == "Deleting"
    assert refused(create, lambda_, stream)[0] == "ResourceConflictException"
    aws.clock.advance(10)
    assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []
    assert refused(lambda_.get_event_source_mapping, **mapping) == ("ResourceNotFoundException", 404)


@pytest.mark.usefixtures("function")
def test_tags_of_a_mapping(lambda_, stream):
    arn = create(lambda_, stream, Tags={"a": "1"})["EventSourceMappingArn"]
    lambda_.tag_resource(Resource=arn, Tags={"b": "2"})
    lambda_.untag_resource(Resource=arn, TagKeys=["a"])
    assert lambda_.list_tags(Resource=arn)["Tags"] == {"b": "2"}


@pytest.mark.usefixtures("function")
def test_a_mapping_of_a_queue(aws, lambda_):
    aws.client("sqs").create_queue(QueueName="work", Attributes={"VisibilityTimeout": "720"})
    settings = {
        "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:work",
        "FunctionName": "on-change",
        "ScalingConfig": {"MaximumConcurrency": 2},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    lambda_.create_event_source_mapping(**settings)
    mapping = only(lambda_)
    assert (mapping["State"], mapping["BatchSize"]) == ("Enabled", 10)
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


@pytest.mark.parametrize(
    ("visibility", "settings"),
    [
        ("2", {}),
        ("720", {"EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:missing"}),
        ("720", {"StartingPosition": "LATEST"}),
        ("720", {"BatchSize": 11}),
    ],
)
@pytest.mark.usefixtures("function")
def test_mappings_of_queues_that_are_refused(aws, lambda_, visibility, settings):
    aws.client("sqs").create_queue(QueueName="work", Attributes={"VisibilityTimeout": visibility})
    sent = {"EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:work", "FunctionName": "on-change"} | settings
    assert refused(lambda_.create_event_source_mapping, **sent)[0] == "InvalidParameterValueException"


def test_a_functions_configuration_is_kept(aws, lambda_):
    logging = {"LogFormat": "JSON", "LogGroup": "/table-sync", "ApplicationLogLevel": "INFO"}
    created = make_function(aws, lambda_, LoggingConfig=logging)
    assert created["LoggingConfig"] == logging
    assert lambda_.get_function_configuration(FunctionName="on-change")["LoggingConfig"] == logging
    lambda_.update_function_configuration(
        FunctionName="on-change", TracingConfig={"Mode": "Active"}, LoggingConfig={"LogFormat": "Text"}
    )
    configuration = lambda_.get_function(FunctionName="on-change")["Configuration"]
    assert configuration["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/on-change"}
    assert configuration["TracingConfig"] == {"Mode": "Active"}


def test_a_function_with_a_layer(aws, lambda_):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/x.py", "")
    layer = lambda_.publish_layer_version(LayerName="powertools", Content={"ZipFile": content.getvalue()})
    created = make_function(aws, lambda_, Layers=[layer["LayerVersionArn"]])
    assert created["Layers"][0]["Arn"] == layer["LayerVersionArn"]
    missing = layer["LayerVersionArn"].replace(":1", ":2")
    with pytest.raises(ClientError):
        make_function(aws, lambda_, "other", Layers=[missing])


@pytest.mark.parametrize(("length", "fits"), [(4096, True), (4097, False)])
def test_the_environment_takes_4_kb_in_json(aws, lambda_, length, fits):
    variables = {"A": "true", "B": ""}
    variables["B"] = "x" * (length - len(json.dumps(variables, separators=(",", ":"))))
    if fits:
        make_function(aws, lambda_, Environment={"Variables": variables})
        return
    with pytest.raises(ClientError, match="exceeded the 4KB limit"):
        make_function(aws, lambda_, Environment={"Variables": variables})
    make_function(aws, lambda_)
    with pytest.raises(ClientError, match="exceeded the 4KB limit"):
        lambda_.update_function_configuration(FunctionName="on-change", Environment={"Variables": variables})


def test_statement_id_is_taken_once(lambda_, function):
    permission = {
        "FunctionName": function["FunctionName"],
        "StatementId": "schedule",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
    }
    lambda_.add_permission(**permission)
    with pytest.raises(lambda_.exceptions.ResourceConflictException, match=r"The statement id \(schedule\) provided"):
        lambda_.add_permission(**permission)
    lambda_.add_permission(**permission | {"StatementId": "another"})
    lambda_.remove_permission(FunctionName=function["FunctionName"], StatementId="schedule")
    lambda_.add_permission(**permission)
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException):
        lambda_.add_permission(**permission | {"FunctionName": "nobody"})
