"""What has to be there before the calls about event source mappings."""

from tests.facts.facts import observation, setup
from tests.support.deployment import deploy_function, zip_of

KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000001"
FILTER = {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}


@setup
def function(aws):
    deploy_function(aws, "handler", zip_of({"function.py": "def handler(*_): pass"}))


@setup
def stream(aws):
    table = aws.client("dynamodb").create_table(
        TableName="streamed",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    aws.clock.advance(60)
    return {"stream": table["LatestStreamArn"]}


@setup
def function_and_stream(aws):
    function(aws)
    return stream(aws)


@setup
def function_and_queue(aws):
    function(aws)
    aws.client("sqs").create_queue(QueueName="esmq")
    client = aws.client("lambda")
    client.publish_version(FunctionName="handler")
    client.create_alias(FunctionName="handler", Name="myalias", FunctionVersion="1")
    return {"queue arn": f"arn:aws:sqs:eu-west-1:{aws.account}:esmq"}


def _mapping(aws, **settings):
    names = function_and_stream(aws)
    mapping = aws.client("lambda").create_event_source_mapping(
        EventSourceArn=names["stream"], FunctionName="handler", StartingPosition="LATEST", **settings
    )
    aws.clock.advance(60)
    return names | {"mapping": mapping["UUID"], "mapping arn": mapping["EventSourceMappingArn"]}


@setup
def mapping(aws):
    return _mapping(aws)


@setup
def mapping_with_an_encrypted_filter(aws):
    return _mapping(aws, FilterCriteria=FILTER, KMSKeyArn=KEY)


@setup
def mapping_whose_function_is_gone(aws):
    names = _mapping(aws)
    aws.client("lambda").delete_function(FunctionName="handler")
    return names


@setup
def mapping_whose_tags_were_changed(aws):
    names = _mapping(aws, Tags={"A": "tag-a"})
    client = aws.client("lambda")
    client.tag_resource(Resource=names["mapping arn"], Tags={"B": "tag-b", "C": "tag-c", "D": "tag-d"})
    client.untag_resource(Resource=names["mapping arn"], TagKeys=["A", "B", "C"])
    return names


@observation
def filter_and_key_are_there(_aws, call):
    answer = call()
    (mapping_,) = answer.get("EventSourceMappings", [answer])
    return ["FilterCriteria" in mapping_, "KMSKeyArn" in mapping_]
