"""The checks of the recorder: its sweeps, its role and its bucket. Each returns None without enable_records."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from table_sync.command_line.doctor import permissions
from table_sync.command_line.doctor.deployment import environment_of
from table_sync.command_line.doctor.finding import APPLY, Result, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.command_line.doctor.deployment import Deployment

# CloudWatch keeps datapoints of an hour for long, and a sweep is due at least every three days (records_schedule).
_WITHIN = timedelta(days=7)
_HOUR_SECONDS = 3600
# From the start of a run until its metric is there: a sweep of 10,000 tables takes 75 minutes (docs/records.md).
_TAKES = timedelta(hours=2)
_RATE = re.compile(r"rate\((?P<number>\d+) (?P<unit>minute|hour|day)s?\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
# What a schedule starts, its metric, and the alarm that goes off without it (records.tf). A new alarm is in ALARM until
# the first run.
_SWEEP, _LOOK_UP = "sweep", "look_up"
_METRICS = {_SWEEP: "SweepsFinished", _LOOK_UP: "EventHistoryQueried"}
_ALARMS = {"sweep-overdue": _SWEEP, "event-history-overdue": _LOOK_UP}


def sweeps(deployment: Deployment) -> Result | None:
    """Check the recorder's schedule and when its last sweep finished."""
    configuration = deployment.recorder()
    if configuration is None:
        if deployment.environment().get("RECORDS_BUCKET"):
            found = Result()
            found.problem(f"there is no function {deployment.recorder_name}, but the function uses records", APPLY)
            return found
        return None
    found = Result()
    rule = deployment.schedule(_SWEEP)
    if rule is None:
        found.problem(f"no rule starts sweeps of {deployment.recorder_name}", APPLY)
        return found
    if rule.get("State") == "DISABLED":
        found.problem(f"the rule {rule['Name']} is disabled", f"run aws events enable-rule --name {rule['Name']}")
        return found
    age = _age_of_last(deployment, _SWEEP)
    first_due = _first_due(configuration, rule)
    sweep = f'invoke {deployment.recorder_name} with {{"sweep": true}}, and read its log'
    if age is None and datetime.now(UTC) <= first_due:
        found.summary = f"the first sweep is due by {first_due:%Y-%m-%d %H:%M} UTC"
    elif age is None:
        found.problem(f"no sweep of {deployment.recorder_name} has finished within {_WITHIN.days} days", sweep)
    elif age > 2 * _between(rule):
        found.problem(f"the last sweep finished {_hours(age)} ago, more than two schedules", sweep)
    else:
        found.summary = f"the last sweep finished {_hours(age)} ago"
    return found


def waits_for_first_run(deployment: Deployment, alarm_name: str) -> bool:
    """Say whether an alarm is in ALARM only because the recorder, new or just changed, has not run yet."""
    key = _ALARMS.get(alarm_name.removeprefix(f"{deployment.name}-"))
    try:
        configuration, rule = deployment.recorder(), deployment.schedule(key) if key else None
        if not key or not configuration or not rule or rule.get("State") == "DISABLED":
            return False
        return _age_of_last(deployment, key) is None and datetime.now(UTC) <= _first_due(configuration, rule)
    except UnreadableError:
        return False


def _first_due(configuration: Mapping[str, Any], rule: Mapping[str, Any]) -> datetime:
    """Return when the first run after the recorder's last change must have finished; Lambda tells no other time."""
    return datetime.fromisoformat(configuration["LastModified"]).astimezone(UTC) + _between(rule) + _TAKES


def _age_of_last(deployment: Deployment, key: str) -> timedelta | None:
    """Return how long ago the last hour began in which a run finished."""
    # The same to the minute, so that a call is not made twice.
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    answer = deployment.read(
        "cloudwatch",
        "GetMetricStatistics",
        Namespace="DynamoDBTableSync",
        MetricName=_METRICS[key],
        Dimensions=[{"Name": "service", "Value": deployment.recorder_name}],
        StartTime=now - _WITHIN,
        EndTime=now + timedelta(minutes=1),
        Period=_HOUR_SECONDS,
        Statistics=["Sum"],
    )
    times = [point["Timestamp"] for point in (answer or {}).get("Datapoints", []) if point["Sum"] >= 1]
    return now - max(times) if times else None


def _between(rule: Mapping[str, Any]) -> timedelta:
    """Return how far two runs of a schedule are apart; a cron expression runs on every day (records_schedule)."""
    rate = _RATE.fullmatch(rule["ScheduleExpression"])
    return int(rate["number"]) * _UNITS[rate["unit"]] if rate else timedelta(days=1)


def _hours(age: timedelta) -> str:
    return f"{max(1, round(age.total_seconds() / _HOUR_SECONDS))} h"


def role(deployment: Deployment) -> Result | None:
    """Check by simulation that the recorder's role may read every setting and write records."""
    configuration = deployment.recorder()
    if configuration is None:
        return None
    records = environment_of(configuration).get("RECORDS_BUCKET", "")
    needed = permissions.of_recorder(deployment, records, event_history=deployment.schedule(_LOOK_UP) is not None)
    return permissions.check(deployment, configuration["Role"], needed, "the recorder needs")


def bucket(deployment: Deployment) -> Result | None:
    """Check that the bucket of records exists, keeps versions, and may be read by the caller."""
    configuration = deployment.recorder()
    if configuration is None:
        return None
    name = environment_of(configuration).get("RECORDS_BUCKET", "")
    found = Result(f"{name} exists, keeps versions, and may be read by you")
    if not name:
        found.problem(f"RECORDS_BUCKET is missing in the environment of {deployment.recorder_name}", APPLY)
        return found
    listing = {"Prefix": f"settings/v1/{deployment.location.account}/", "MaxKeys": 1}
    for operation, parameters in (("GetBucketVersioning", {}), ("ListObjectsV2", listing)):
        try:
            answer = deployment.read("s3", operation, Bucket=name, **parameters)
        except UnreadableError as error:
            found.unreadable.append(error)
            continue
        if answer is None:
            found.problem(f"there is no bucket {name}", f"create it, or {APPLY} with another records_bucket")
            break
        if operation == "GetBucketVersioning" and answer.get("Status") != "Enabled":
            enable = f"put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled"
            found.problem(
                f"{name} does not keep versions, so each change loses the last record", f"run aws s3api {enable}"
            )
    return found
