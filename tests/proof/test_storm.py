"""Storms: restores begun within a minute, against AWS's documented rate limits. `make storm` makes a thousand of them.

AWS makes 50 restores at a time and takes more than a minute for each, so a thousand would take it half an hour. This
storm is worse than any that AWS lets happen: a restore takes 2.5 s, so that a thousand fit into a minute, 50 at a time,
and all tables are ACTIVE by the time of the first look.
"""

from __future__ import annotations

import os
import random
import statistics
from collections import Counter
from datetime import datetime

from table_sync.handler import lambda_handler
from table_sync.settings import SETTINGS
from tests.settings import auto_scaling, table_class
from tests.support.embedded_aws.lambda_service import ConcurrentLambdaService
from tests.support.embedded_aws.rate_limits import QUOTAS
from tests.support.memory import peak_megabytes
from tests.support.outcomes import Listener
from tests.support.pipeline import Pipeline
from tests.support.restore_history import RecordedPipeline, handle
from tests.support.tables import (
    TAGS,
    TTL_ATTRIBUTE,
    make_function,
    make_table,
    restore,
    settings_of,
)

RESTORES = int(os.environ.get("STORM_RESTORES", "50"))
A_MINUTE = 60
IN_A_MINUTE = 1000
RESTORE_SECONDS = 2.5
SOURCES = 20
# Every fourth table scales by target tracking, for which CloudWatch makes three of four alarms a second; the others by
# schedule.
TRACKED = 4
# A guess: no source tells how long a control plane call takes.
CALL_SECONDS = 0.05
READS = "dynamodb:table:ReadCapacityUnits"


class Storm:
    """Restores of a few tables that have every setting which is copied by default, and what became of each."""

    def __init__(self, aws):
        self.aws = aws
        self.calls = Counter()
        self.active_at = {}
        service = ConcurrentLambdaService(aws, self._count, call_seconds=CALL_SECONDS)
        defaults = {setting.TOGGLE.upper(): str(setting.DEFAULT) for setting in SETTINGS}
        self.pipeline = Pipeline(aws, service=service, **defaults)

    def make_sources(self):
        kinesis = self.aws.client("kinesis")
        function = make_function(self.aws, "audit")
        kinesis.create_stream(StreamName="changes", ShardCount=1)
        stream = kinesis.describe_stream(StreamName="changes")["StreamDescription"]["StreamARN"]
        for number in range(SOURCES):
            self._make_source(f"source-{number}", function, stream, tracked=number % TRACKED == 0)
        self.aws.clock.advance(3700)  # TTL takes up to an hour

    def _make_source(self, name, function, stream, *, tracked):
        arn = make_table(self.aws, name, indexes=(), stream_view_type="NEW_IMAGE", items=0)
        dynamodb, scaling = self.aws.client("dynamodb"), self.aws.client("application-autoscaling")
        dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": name}])
        specification = {"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
        dynamodb.enable_kinesis_streaming_destination(TableName=name, StreamArn=stream)
        stream_arn = dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        self.aws.client("lambda").create_event_source_mapping(
            EventSourceArn=stream_arn, FunctionName=function, StartingPosition="LATEST", Tags=TAGS
        )
        table_class.give(self.aws, name)
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
        if tracked:
            auto_scaling.scale(self.aws, name, READS)
            return
        target = {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{name}", "ScalableDimension": READS}
        scaling.register_scalable_target(**target, MinCapacity=5, MaxCapacity=50)
        action = {"ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)"}
        scaling.put_scheduled_action(**target, **action, ScalableTargetAction={"MinCapacity": 5})

    def break_loose(self, restores):
        """Restore, evenly over a minute were it a thousand; AWS refuses none."""
        self.aws.restore_seconds = RESTORE_SECONDS
        self.aws.rate_limits.enforced = True
        for number in range(restores):
            name = f"restored-{number:04}"
            restore(self.aws, f"source-{number % SOURCES}", name)
            self.active_at[name] = self.aws.clock.now() + RESTORE_SECONDS
            self.aws.clock.advance(A_MINUTE / IN_A_MINUTE)
        self.aws.calls.clear()

    def _count(self, event, context):
        try:
            return lambda_handler(event, context)
        finally:
            # What is counted is dropped: a storm's calls would fill the memory.
            self.calls.update(call.name for call in self.aws.calls if self.pipeline.made(call))
            self.aws.calls.clear()

    def attempts(self):
        """Return each attempt's table, outcome, and when its invocation ended (epoch seconds)."""
        return [
            (line["target"].rpartition("/")[2], line["outcome"], invocation.at + invocation.duration)
            for invocation in self.pipeline.invocations
            for line in invocation.log_records
            if "outcome" in line
        ]

    def unequal(self):
        """Return the restored tables whose settings are not their source's, by an independent look."""
        self.aws.rate_limits.enforced = False
        self.aws.clock.advance(3700)  # what is still ENABLING
        self._delete_alarms_of_auto_scaling()
        sources = [settings_of(self.aws, f"source-{number}") for number in range(SOURCES)]
        return [
            name
            for number, name in enumerate(self.active_at)
            if settings_of(self.aws, name) != sources[number % SOURCES]
        ]

    def _delete_alarms_of_auto_scaling(self):
        """Spare a look at a table the alarms of all the others, among which it would search for its own."""
        client = self.aws.client("cloudwatch")
        pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix="TargetTracking-")
        for page in list(pages):
            client.delete_alarms(AlarmNames=[alarm["AlarmName"] for alarm in page["MetricAlarms"]])


def slowest_quota(aws):
    """Return how long AWS's quotas alone make the calls last that it took (seconds), and which quota that is."""
    return max((aws.rate_limits.taken[quota.name] / quota.per_second, quota.name) for quota in QUOTAS)


def test_storm_of_restores_ends_with_every_table_in_sync(aws, figures):
    random.seed(0)
    storm = Storm(aws)
    with storm.pipeline as pipeline:
        storm.make_sources()
        storm.break_loose(RESTORES)
        pipeline.run(max_seconds=4 * 3600)
        attempts = storm.attempts()
        quarantined, lost = pipeline.quarantined, aws.events.lost
    in_sync = {name: ended - storm.active_at[name] for name, outcome, ended in attempts if outcome == "in_sync"}
    seconds = sorted(in_sync.values())
    looks = Counter(name for name, _, _ in attempts)
    least, quota = slowest_quota(aws)
    figures(
        f"storm of {RESTORES} restores",
        median=f"{statistics.median(seconds):.0f} s from ACTIVE to in sync",
        p99=f"{seconds[int(0.99 * (len(seconds) - 1))]:.0f} s",
        quotas=f"{least:.0f} s at least ({quota})",
        attempts=f"{looks.total() / RESTORES:.2f} a restore (most {max(looks.values())})",
        calls=f"{storm.calls.total() / RESTORES:.1f} a restore",
        refused=f"{aws.rate_limits.refused.total() / RESTORES:.1f} a restore",
        memory=f"at most {peak_megabytes():.0f} MB, those of the embedded AWS included",
    )
    assert [invocation.error for invocation in pipeline.invocations if invocation.error] == []
    assert (quarantined, lost) == ([], [])
    assert in_sync.keys() == storm.active_at.keys()
    assert storm.unequal() == []
    assert sum(aws.rate_limits.refused.values()) > 0, "the storm was too mild to meet a limit"


# Events of the event history show up within 15 minutes (CloudTrail user guide), in any order, and some twice.
LATEST = 15 * 60


def test_storm_without_a_trail_is_found_by_the_event_history(aws, figures):
    random.seed(0)
    listener = Listener(aws)
    targets = [f"restored-{number:04}" for number in range(RESTORES)]
    aws.cloudtrail.trail = False
    aws.cloudtrail.seconds_until_listed = lambda _: random.uniform(0, LATEST)  # noqa: S311 (no secret)
    aws.cloudtrail.times_listed = lambda _: random.choice((1, 1, 2))  # noqa: S311 (as above)
    service = ConcurrentLambdaService(aws, handle, call_seconds=CALL_SECONDS)
    with RecordedPipeline(aws, service=service) as pipeline:
        for number in range(SOURCES):
            tags = [{"Key": "team", "Value": str(number)}]
            table = make_table(aws, f"source-{number}", indexes=(), items=0)
            aws.client("dynamodb").tag_resource(ResourceArn=table, Tags=tags)
        aws.restore_seconds = RESTORE_SECONDS
        aws.rate_limits.enforced = True
        for number, target in enumerate(targets):
            restore(aws, f"source-{number % SOURCES}", target)
            aws.clock.advance(A_MINUTE / IN_A_MINUTE)
        began = aws.clock.now()
        pipeline.run_on_schedule(queries=2 + LATEST // 300)
        ended = [line for line in pipeline.attempts if line["outcome"] == "in_sync"]
        in_sync = Counter(line["target"].rpartition("/")[2] for line in ended)
        quarantined = pipeline.quarantined
        archived = pipeline.archived().values()
    announced = Counter(event["detail"]["target"].rpartition("/")[2] for event in listener.take())
    slowest = max(datetime.fromisoformat(entry["in_sync_at"]).timestamp() for entry in archived) - began
    figures(
        f"storm of {RESTORES} restores without a trail",
        found=f"{len(announced)}, the last in sync after {slowest / 60:.0f} min",
        twice=sum(count > 1 for count in announced.values()),
        lookups=f"{aws.rate_limits.taken['LookupEvents']}",
    )
    assert [invocation.error for invocation in pipeline.invocations if invocation.error] == []
    assert quarantined == []
    assert announced == in_sync == dict.fromkeys(targets, 1)
    assert aws.rate_limits.refused["LookupEvents"] == 0
