"""Invocations that run at the same time on the embedded clock."""

import os
import sys
import time

import pytest

from tests.support.deployment import deploy_queued_function, zip_of
from tests.support.embedded_aws import Clock
from tests.support.embedded_aws.lambda_service import ConcurrentLambdaService
from tests.support.embedded_aws.lambda_service.timelines import Timelines


def test_work_that_sleeps_lets_other_work_go_on():
    clock = Clock(0)
    timelines = Timelines(clock)
    seen = []

    def work(name, *pauses):
        for pause in pauses:
            timelines.sleep(pause)
            seen.append((name, clock.now()))

    timelines.start(lambda: work("slow", 10, 10))
    timelines.start(lambda: work("quick", 4, 4, 4))
    while timelines.running:
        timelines.advance()
    assert seen == [("quick", 4), ("quick", 8), ("slow", 10), ("quick", 12), ("slow", 20)]
    assert timelines.next_waking is None


def test_an_error_of_the_work_is_raised_where_the_time_is_moved():
    timelines = Timelines(Clock(0))
    timelines.start(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        timelines.advance()


def run(aws, handler, *, messages, **options):
    with ConcurrentLambdaService(aws, handler, **options) as service:
        function = deploy_queued_function(
            aws,
            "table-sync",
            zip_of({"function.py": "not run"}),
            queue_attributes={"VisibilityTimeout": "720"},
            Timeout=120,
        )
        for number in range(messages):
            aws.client("sqs").send_message(QueueUrl=function.queue_url, MessageBody=str(number))
        start = aws.clock.now()
        return service.run_until_idle(3600), start


def test_no_more_invocations_run_at_once_than_allowed(aws):
    def handler(event, context):
        sys.stdout.write(event["Records"][0]["body"] + "\n")
        time.sleep(10)
        sys.stdout.write(f"{context.get_remaining_time_in_millis()}\n")

    invocations, start = run(aws, handler, messages=45, maximum_concurrency=2)
    assert sorted(invocation.at - start for invocation in invocations) == [0, 0, 10, 10, 20]
    assert {invocation.duration for invocation in invocations} == {10}
    first_lines = {invocation.log_lines[0]: invocation.log_lines[1:] for invocation in invocations}
    assert first_lines == {first: ["110000"] for first in ("0", "10", "20", "30", "40")}


def test_process_is_given_back(aws):
    before = (dict(os.environ), sys.stdout, time.sleep)
    run(aws, lambda _event, _context: None, messages=1)
    assert (dict(os.environ), sys.stdout, time.sleep) == before


def test_calls_of_the_function_take_time(aws):
    def handler(_event, _context):
        for _ in range(4):
            aws.client("sqs").list_queues()

    invocations, _ = run(aws, handler, messages=1, call_seconds=0.5)
    assert [invocation.duration for invocation in invocations] == [2]


def test_function_that_takes_too_long_gets_its_messages_again(aws):
    runs = []

    def handler(_event, _context):
        runs.append(aws.clock.now())
        time.sleep(121 if len(runs) == 1 else 1)

    invocations, start = run(aws, handler, messages=1)
    assert [(invocation.error or {}).get("errorType") for invocation in invocations] == ["Sandbox.Timedout", None]
    assert runs[1] - start == 720
