"""Tags of scalable targets, from the restore to the report."""

import math

from tests.support.tables import make_source, restore, restore_and_wait


def test_tags_wait_for_scalable_targets_that_do_not_show_yet(aws, pipeline):
    """DescribeScalableTargets is eventually consistent, which the embedded AWS does not show by itself."""
    make_source(aws)
    restore_and_wait(aws)
    registered = []
    hidden = aws.auto_scaling.describe_scalable_targets

    def describe_scalable_targets(call):
        answer = hidden(call)
        if registered and aws.clock.now() < registered[0] + 4:
            answer["ScalableTargets"] = []
        return answer

    aws.auto_scaling.describe_scalable_targets = describe_scalable_targets
    aws.faults.before("PutScheduledAction", lambda call: registered.append(call.at), times=math.inf)
    pipeline.run()
    assert registered
    assert pipeline.quarantined == []
    assert len(pipeline.attempts) == 1
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_scalable_target_without_an_arn_has_no_tags(aws, pipeline):
    make_source(aws)
    aws.auto_scaling.age()
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    last = pipeline.attempts[-1]
    assert last["outcome"] == "in_sync"
    assert last["settings"]["scalable_target_tags"]["status"] == "unchanged"
    assert last["settings"]["auto_scaling"]["status"] == "applied"
