"""What has to be there before the calls to EventBridge."""

from tests.facts.facts import setup


@setup
def entry_of_more_than_a_megabyte(_aws):
    return {"long text": "x" * 1024 * 1024}


@setup
def rule_whose_target_is_gone(aws):
    events = aws.client("events")
    events.put_rule(Name="rule", EventPattern='{"source": ["s"]}')
    queue_arn = f"arn:aws:sqs:eu-west-1:{aws.account}:gone"
    events.put_targets(Rule="rule", Targets=[{"Id": "queue", "Arn": queue_arn}])
