"""Tags of event source mappings, from the restore to the report."""

import math

from tests.support.pipeline import last_outcome
from tests.support.tables import make_source, restore, restore_and_wait, settings_of


def test_tags_of_mappings_wait_until_the_mappings_are_made(aws, pipeline):
    make_source(aws)
    restore_and_wait(aws)
    aws.delays.mapping = 60
    (first, *_) = pipeline.run_for(30)
    assert first["settings"]["triggers"]["status"] == "pending"
    outcome = first["settings"]["event_source_mapping_tags"]
    assert (outcome["status"], outcome["reason"]) == ("pending", "triggers is pending")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def test_one_trigger_that_fails_keeps_no_other_from_its_tags(aws, pipeline):
    make_source(aws)
    mappings = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    for mapping in mappings:
        aws.client("lambda").tag_resource(Resource=mapping["EventSourceMappingArn"], Tags={"owner": "us"})
    restore(aws, "orders", "orders-restored")
    aws.faults.add(
        "CreateEventSourceMapping",
        "AccessDeniedException",
        "not authorized",
        times=math.inf,
        when=lambda call: "orders-audit" in call.parameters["FunctionName"],
    )
    pipeline.run()
    assert [next(iter(tags)) for tags in settings_of(aws, "orders-restored")["event_source_mapping_tags"].values()] == [
        "owner"
    ]
    outcome = last_outcome(pipeline, "event_source_mapping_tags")
    assert outcome["status"] == "applied"
    assert "orders-audit is not on the target" in outcome["reason"]


def test_the_tags_of_mappings_are_skipped_where_lambda_cannot_tag_them(aws, pipeline):
    make_source(aws)
    refusal = "Unsupported resource type for tagging or invalid arn"
    aws.faults.add("lambda:ListTags", "InvalidParameterValueException", refusal, times=math.inf)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert pipeline.attempts[-1]["settings"]["event_source_mapping_tags"]["status"] == "skipped"
    assert pipeline.quarantined == []
