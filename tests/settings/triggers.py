"""Lambda triggers whose filters can be read."""

from hypothesis import strategies as st

from table_sync.settings.triggers import EventSourceMapping
from tests.support.tables import FILTER, REGION, TAGS, make_function

WRITE = ("lambda:CreateEventSourceMapping", "FunctionName")
NEWER_FIELD = ("lambda", "EventSourceMappingConfiguration", "KMSKeyArn")
NEEDS = "stream"


def give(aws, name, region=REGION):
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


def _short(name):
    """Return what of a table's name a queue (80 characters) or a function (64) may have in its own, less dots."""
    return name.replace(".", "-")[:50]


def see(aws, table, region):
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


FUNCTIONS = [f"arn:aws:lambda:eu-west-1:123456789012:function:{name}" for name in ("audit", "index:live", "index:2")]
RESTORED = {}


def values(_table):
    return st.lists(_mappings(), unique_by=lambda mapping: mapping.parameters["FunctionName"]).map(
        lambda mappings: {mapping.parameters["FunctionName"]: mapping for mapping in mappings}
    )


def _mappings():
    optional = {
        "BatchSize": st.sampled_from([1, 100]),
        "MaximumRetryAttempts": st.sampled_from([-1, 0, 5]),
        "FilterCriteria": st.just({"Filters": [{"Pattern": "{}"}]}),
    }
    parameters = st.fixed_dictionaries({"FunctionName": st.sampled_from(FUNCTIONS)}, optional=optional)
    return st.builds(
        lambda parameters, enabled: EventSourceMapping(
            "Enabled" if enabled else "Disabled", parameters | {"Enabled": enabled}
        ),
        parameters,
        st.booleans(),
    )


def content(mappings):
    return {function: mapping.parameters for function, mapping in mappings.items()}


def written(mappings, change):
    function = change.parameters["FunctionName"]
    assert function not in mappings, "AWS refuses a second mapping"
    return {**mappings, function: EventSourceMapping("Creating", change.parameters)}


DIFFERENCES = [
    (
        {FUNCTIONS[0]: EventSourceMapping("Enabled", {"FunctionName": FUNCTIONS[0], "Enabled": True})},
        {},
        [f"{FUNCTIONS[0]} (Enabled true) -> (none)"],
    )
]
