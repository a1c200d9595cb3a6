"""Attempts that run at the same moment: one inside another. The end is the same each time.

The other one runs inside each kind of write, or with EVERY_CALL=1 in the environment, which takes minutes, each call.
"""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest

from tests.proof.account import SHORT_KINESIS_PRECISION, SOURCE, Account, name_of

# What two attempts may both do, and why the second time changes nothing.
HARMLESS_TWICE = {
    "PutMetricAlarm": "replaces the alarm of that name (API reference)",
    "PutResourcePolicy": "is a no-op if the policy is identical (live probe, October 2026)",
    "PutScalingPolicy": "creates or updates the policy of that name (API reference)",
    "PutScheduledAction": "creates or updates the action of that name (API reference)",
    "RegisterScalableTarget": "registers or updates the target (API reference)",
    "TagResource": "overwrites the tags of these keys (API references)",
    "UpdateContinuousBackups": "sets the state (API reference)",
    "UpdateContributorInsights": "sets the state (API reference)",
    "UpdateTable of DeletionProtectionEnabled": "accepts the same value (live probe, October 2026)",
}


def deliver(account, body):
    """Put a message into the queue and run the function for it, now."""
    queue_url = account.pipeline.function.queue_url
    account.aws.client("sqs").send_message(QueueUrl=queue_url, MessageBody=body, DelaySeconds=0)
    account.pipeline.invocations += account.pipeline.service.poll_once()


def take(account):
    """Take the message that has just come out of the queue, and return its body."""
    queue = account.aws.sqs.queue(account.pipeline.function.queue_arn)
    return queue.stored.pop().body


def same_restore(account):
    target = account.restore(meanwhile=account.enable_other_precision)
    body = take(account)
    return [target], body, lambda: deliver(account, body)


def two_restores_of_one_source(account):
    targets, bodies = [], []
    for _ in range(2):
        targets.append(account.restore(meanwhile=account.enable_other_precision))
        bodies.append(take(account))
    return targets, bodies[0], lambda: deliver(account, bodies[1])


def redrive(account):
    target = account.restore(meanwhile=account.enable_other_precision)
    account.aws.faults.add("DescribeTable", "AccessDeniedException", when=account.pipeline.made)
    account.pipeline.run()
    ((body, _),) = account.dead_letters()

    def intrude():
        account.redrive()
        account.pipeline.invocations += account.pipeline.service.poll_once()

    return [target], body, intrude


def run(account, scenario, number=None):
    """Run an attempt and, inside its call of that number or after its last, another.

    Returns:
        the names of the first attempt's calls, what is wrong in the end, and the writes that were done twice.

    """
    account.begin()
    targets, body, intrude = scenario(account)
    account.pipeline.invocations.clear()
    account.aws.calls.clear()
    calls = []

    def strike(call):
        # The other attempt meets this too.
        calls.append(name_of(call))
        if len(calls) == number:
            intrude()

    account.aws.faults.before("*", strike, times=float("inf"), when=account.pipeline.made)
    deliver(account, body)
    account.aws.faults.clear()
    if number is None:
        intrude()
    account.pipeline.run()

    writes = Counter(
        (name_of(call), json.dumps(call.parameters, sort_keys=True, default=str))
        for call in account.pipeline.calls()
        if call.done and call.name in account.pipeline.writes()
    )
    wrong = [invocation.error for invocation in account.pipeline.invocations if invocation.error]
    wrong += [f"{target} lacks {lost}" for target in targets if (lost := account.lost(target))]
    wrong += [f"dead letter: {reason}" for _, reason in account.dead_letters()]
    wrong += ["the source has changed"] * bool(account.lost(SOURCE))
    return calls, wrong, {operation for (operation, _), times in writes.items() if times > 1}


@pytest.fixture(scope="module")
def account():
    with Account() as opened:
        opened.aws.delays.kinesis_precision = SHORT_KINESIS_PRECISION
        yield opened


def first_of_each_write(calls):
    """Return the numbers of the calls with which the first attempt first makes each of its writes."""
    reads = ("Describe", "List", "Get")
    return sorted(calls.index(name) + 1 for name in set(calls) if not name.startswith(reads) and name != "PutEvents")


@pytest.mark.parametrize(
    ("scenario", "every"),
    [(same_restore, 1), (two_restores_of_one_source, 3), (redrive, 3)],
    ids=["same restore", "two restores of one source", "redrive"],
)
def test_an_attempt_inside_another_changes_nothing_in_the_end(account, figures, scenario, every):
    calls, wrong, twice = run(account, scenario)
    assert (wrong, twice) == ([], set())
    numbers = range(1, len(calls) + 1) if "EVERY_CALL" in os.environ else first_of_each_write(calls)[::every]
    strayed, done_twice = [], Counter()
    for number in numbers:
        struck, wrong, twice = run(account, scenario, number)
        # No attempt can know what another does while it makes that very call.
        wrong += [f"{name} twice" for name in sorted(twice - HARMLESS_TWICE.keys() - {struck[number - 1]})]
        strayed += [(number, struck[number - 1], wrong)] * bool(wrong)
        done_twice.update(f"{name} twice" for name in twice)
    name = f"attempts at once: {scenario.__name__.replace('_', ' ')}"
    figures(name, calls=len(calls), tried=len(numbers), converged=len(numbers) - len(strayed), **done_twice)
    assert strayed == []


def test_two_copies_in_one_batch_change_nothing_in_the_end(account):
    account.begin()
    target = account.restore(meanwhile=account.enable_other_precision)
    body = take(account)
    for _ in range(2):
        account.pipeline.send(body)
    account.pipeline.run()
    assert len(account.pipeline.invocations[0].event["Records"]) == 2
    assert account.lost(target) == set()
    assert account.dead_letters() == []


def test_a_trigger_that_somebody_is_deleting_is_made_again(account):
    account.begin()
    target = account.restore()
    body = account.aws.sqs.queue(account.pipeline.function.queue_arn).stored[0].body
    account.pipeline.run()
    client = account.aws.client("lambda")
    account.aws.clock.advance(60)
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        if f"table/{target}/" in mapping["EventSourceArn"]:
            client.delete_event_source_mapping(UUID=mapping["UUID"])
    deliver(account, body)
    account.pipeline.run()
    assert account.lost(target) == set()
    assert account.dead_letters() == []
