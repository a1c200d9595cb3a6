"""The checks, in the order in which an event travels. Each takes the deployment and returns what it found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from table_sync.command_line.doctor import permissions, queue_policies, recorder, runtimes
from table_sync.command_line.doctor.finding import APPLY, Result, UnreadableError, listed
from table_sync.config import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from table_sync.command_line.doctor.deployment import Deployment

_MOST_LOG_STREAMS = 5
# What moves a restore's event into the queue, besides a trail: AWS Backup sends its own events.
_NEED_NO_TRAIL = {"aws-backup"}


def trail(deployment: Deployment) -> Result:
    """Check that a trail logs write management events, without which EventBridge gets no event of a restore call."""
    found = Result()
    unreadable: list[UnreadableError] = []
    for described in _trails(deployment, unreadable):
        try:
            if _logs_writes(deployment, described["TrailARN"]):
                found.summary = f"{described['Name']} logs write management events"
                return found
        except UnreadableError as error:
            unreadable.append(error)
    history = _schedule(deployment, "look_up")
    if history:
        found.summary = "none logs write management events; the event history is queried instead"
    elif set(deployment.rules()) <= _NEED_NO_TRAIL and deployment.rules():
        found.summary = "not needed: only restores by AWS Backup are processed"
    elif unreadable:
        found.unreadable = unreadable[:1]
    else:
        found.problem(
            "no CloudTrail trail logs write management events here, so EventBridge gets no event of a restore call",
            "create a trail for management events, or set enable_records to query the event history instead",
        )
    return found


def _trails(deployment: Deployment, unreadable: list[UnreadableError]) -> list[dict[str, Any]]:
    try:
        answer = deployment.read("cloudtrail", "DescribeTrails", includeShadowTrails=True) or {}
    except UnreadableError as error:
        unreadable.append(error)
        return []
    return [
        described
        for described in answer["trailList"]
        if described.get("IsMultiRegionTrail") or described.get("HomeRegion") == deployment.region
    ]


def _logs_writes(deployment: Deployment, arn: str) -> bool:
    status = deployment.read("cloudtrail", "GetTrailStatus", Name=arn) or {}
    if not status.get("IsLogging"):
        return False
    selectors = deployment.read("cloudtrail", "GetEventSelectors", TrailName=arn) or {}
    if selectors.get("AdvancedEventSelectors"):
        return any(map(_selects_writes, selectors["AdvancedEventSelectors"]))
    # Without selectors a trail logs all management events (API reference, PutEventSelectors).
    basic = selectors.get("EventSelectors") or [{}]
    return any(
        selector.get("IncludeManagementEvents", True) and selector.get("ReadWriteType", "All") in {"All", "WriteOnly"}
        for selector in basic
    )


def _selects_writes(selector: Mapping[str, Any]) -> bool:
    """Say whether an advanced event selector takes the management events of DynamoDB that write."""
    wanted = {"eventCategory": "Management", "readOnly": "false", "eventSource": "dynamodb.amazonaws.com"}
    fields = {entry["Field"]: entry for entry in selector["FieldSelectors"]}
    if "Management" not in fields.get("eventCategory", {}).get("Equals", []):
        return False
    return all(
        value in entry.get("Equals", [value]) and value not in entry.get("NotEquals", [])
        for name, value in wanted.items()
        if (entry := fields.get(name))
    )


def _schedule(deployment: Deployment, key: str) -> dict[str, Any] | None:
    """Return an enabled schedule of the recorder; None if there is none, or none that may be read."""
    try:
        rule = deployment.schedule(key)
    except UnreadableError:
        return None
    return rule if rule and rule.get("State") != "DISABLED" else None


def rules(deployment: Deployment) -> Result:
    """Check that the rules exist, are enabled, and match restores of this account and Region."""
    there = deployment.rules()
    missing = {
        restore_type: name
        for restore_type, name in deployment.rule_names.items()
        if restore_type not in there and name in _rules_named_in_policy(deployment)
    }
    found = Result(f"{listed(there)} enabled")
    for name in missing.values():
        found.problem(f"the rule {name} is missing", APPLY)
    if not there and not missing:
        found.problem(f"there are no rules {deployment.name}-* for restores", f"check --name and --region, or {APPLY}")
    for restore_type, rule in there.items():
        if rule.get("State") == "DISABLED":
            found.problem(f"the rule {rule['Name']} is disabled", f"run aws events enable-rule --name {rule['Name']}")
        elif not _matches(deployment, restore_type, rule):
            found.problem(f"the rule {rule['Name']} does not match restores of this account and Region", APPLY)
    return found


def _rules_named_in_policy(deployment: Deployment) -> set[str]:
    try:
        queue = deployment.queue(deployment.name)
    except UnreadableError:
        return set()
    return queue_policies.rules_named_in(queue.get("Policy", "")) if queue else set()


def _matches(deployment: Deployment, restore_type: str, rule: Mapping[str, Any]) -> bool:
    event = json.dumps(_event(deployment, restore_type))
    answer = deployment.read("events", "TestEventPattern", EventPattern=rule["EventPattern"], Event=event) or {}
    return bool(answer.get("Result"))


def _event(deployment: Deployment, restore_type: str) -> dict[str, Any]:
    """Return an event of a restore, as EventBridge delivers it; TestEventPattern wants all of its fields."""
    event = {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "account": deployment.location.account,
        "time": "2026-01-01T00:00:00Z",
        "region": deployment.region,
        "resources": [],
    }
    if restore_type == "aws-backup":
        detail = {"resourceType": "DynamoDB", "status": "COMPLETED"}
        return event | {"source": "aws.backup", "detail-type": "Restore Job State Change", "detail": detail}
    name = {"point-in-time": "RestoreTableToPointInTime", "backup": "RestoreTableFromBackup"}[restore_type]
    call = {"eventSource": "dynamodb.amazonaws.com", "eventName": name}
    return event | {"source": "aws.dynamodb", "detail-type": "AWS API Call via CloudTrail", "detail": call}


def targets(deployment: Deployment) -> Result:
    """Check that the rules send to the queue, and what they cannot send to the dead-letter queue."""
    queue, dlq = deployment.arn("sqs", deployment.name), deployment.arn("sqs", deployment.dlq_name)
    found = Result("every rule sends to the queue, and to the dead-letter queue what the queue does not take")
    for rule in deployment.rules().values():
        target = next((target for target in deployment.targets(rule["Name"]) if target["Arn"] == queue), None)
        if target is None:
            found.problem(f"the rule {rule['Name']} does not send to the queue {deployment.name}", APPLY)
        elif target.get("DeadLetterConfig", {}).get("Arn") != dlq:
            found.problem(
                f"the target of the rule {rule['Name']} has no dead-letter queue {deployment.dlq_name}", APPLY
            )
    return found


def queues(deployment: Deployment) -> Result:
    """Check that both queues exist, and that SQS moves what failed too often to the dead-letter queue."""
    found = Result(f"{deployment.name} and {deployment.dlq_name} exist")
    there = {name: deployment.queue(name) for name in (deployment.name, deployment.dlq_name)}
    for name, attributes in there.items():
        if attributes is None:
            found.problem(f"there is no queue {name}", APPLY)
    queue = there[deployment.name]
    if queue is not None:
        redrive = json.loads(queue.get("RedrivePolicy") or "{}")
        if redrive.get("deadLetterTargetArn") != deployment.arn("sqs", deployment.dlq_name):
            found.problem(
                f"the queue {deployment.name} does not have {deployment.dlq_name} as dead-letter queue", APPLY
            )
    return found


def policies_of_queues(deployment: Deployment) -> Result:
    """Check that the queues' policies let the rules send."""
    found = Result("the rules may send to both queues")
    for name in (deployment.name, deployment.dlq_name):
        attributes = deployment.queue(name)
        if attributes is None:
            raise UnreadableError(f"there is no queue {name}", "see what is said of the queues")
        arn = deployment.arn("sqs", name)
        refused = [
            rule_name
            for restore_type, rule_name in deployment.rule_names.items()
            if restore_type in deployment.rules()
            and not queue_policies.lets_send(
                attributes.get("Policy", ""), arn, deployment.arn("events", f"rule/{rule_name}")
            )
        ]
        if refused:
            found.problem(f"the policy of the queue {name} does not let {listed(refused)} send", APPLY)
    return found


def mapping(deployment: Deployment) -> Result:
    """Check that Lambda takes messages from the queue, and returns those alone that have to come back."""
    queue = deployment.arn("sqs", deployment.name)
    mappings = deployment.pages(
        "lambda",
        "ListEventSourceMappings",
        "EventSourceMappings",
        token="Marker",  # noqa: S106 (no password)
        EventSourceArn=queue,
        FunctionName=deployment.function()["FunctionName"],
    )
    found = Result("Enabled")
    if not mappings:
        found.problem(f"nothing invokes {deployment.name} for messages of its queue", APPLY)
    for entry in mappings[:1]:
        state = entry["State"]
        if state in {"Disabled", "Disabling"}:
            enable = f"run aws lambda update-event-source-mapping --uuid {entry['UUID']} --enabled"
            found.problem(f"the event source mapping is {state}, so restores wait in the queue", enable)
        elif state not in {"Enabled", "Updating"}:
            found.problem(f"the event source mapping is {state}", "run doctor again in a minute")
        elif "ReportBatchItemFailures" not in (entry.get("FunctionResponseTypes") or []):
            found.problem("the event source mapping does not report batch item failures", APPLY)
    return found


def function(deployment: Deployment) -> Result:
    """Check the function's state and its last update."""
    found = Result()
    configuration = deployment.read("lambda", "GetFunctionConfiguration", FunctionName=deployment.name)
    if configuration is None:
        where = f"{deployment.region}, account {deployment.location.account}"
        found.problem(
            f"there is no function {deployment.name} in {where}", "check --name, --region and the credentials, or apply"
        )
        return found
    state, update = configuration.get("State", "Active"), configuration.get("LastUpdateStatus", "Successful")
    if state == "Inactive":
        found.problem(f"{deployment.name} is Inactive", "the next restore makes it Active, which takes a minute")
    elif state != "Active":
        found.problem(f"{deployment.name} is {state}{_because(configuration.get('StateReason'))}", _wait_or(state))
    elif update != "Successful":
        reason = _because(configuration.get("LastUpdateStatusReason"))
        found.problem(f"the last update of {deployment.name} is {update}{reason}", _wait_or(update))
    found.summary = f"{deployment.name} is Active, its last update was successful"
    return found


def _because(reason: str | None) -> str:
    return f" ({reason.rstrip('.')})" if reason else ""


def _wait_or(state: str) -> str:
    return "run doctor again in a minute" if state in {"InProgress", "Pending"} else f"remove the cause, and {APPLY}"


def environment(deployment: Deployment) -> Result:
    """Check that the function accepts its environment."""
    found = Result()
    try:
        config = deployment.config()
    except ConfigurationError as error:
        found.problem(str(error).rstrip("."), APPLY)
        return found
    variables = deployment.environment()
    for name, key in ((deployment.name, "QUEUE_URL"), (deployment.dlq_name, "DLQ_URL")):
        if variables.get(key, "").rpartition("/")[2] != name:
            found.problem(f"{key} in the environment of {deployment.name} is not the queue {name}", APPLY)
    found.summary = f"{len(config.enabled)} settings are on"
    return found


def layer(deployment: Deployment) -> Result:
    """Check that the function has its layer, and that the layer fits it."""
    configuration = deployment.function()
    found = Result()
    layers = [entry["Arn"] for entry in configuration.get("Layers", [])]
    if not layers:
        found.problem(f"{deployment.name} has no layer, and cannot run without Powertools", APPLY)
    for arn in layers:
        name, _, number = arn.rpartition(":")
        version = deployment.read("lambda", "GetLayerVersion", LayerName=name, VersionNumber=int(number))
        if version is None:
            # Lambda keeps a copy for functions that use it (developer guide, Deleting a layer version).
            found.problem(f"the layer version {arn} is deleted: the function works until its next update", APPLY)
            continue
        for key, wanted in (
            ("CompatibleRuntimes", configuration["Runtime"]),
            ("CompatibleArchitectures", (configuration.get("Architectures") or ["x86_64"])[0]),
        ):
            if version.get(key) and wanted not in version[key]:
                found.problem(f"the layer version {arn} is not for {wanted}", "choose another powertools_layer_arn")
    found.summary = listed(arn.split(":layer:")[-1] for arn in layers)
    return found


def runtime(deployment: Deployment) -> Result:
    """Check the runtime, and the boto3 that its log names against what the enabled settings need."""
    configuration = deployment.function()
    name = configuration["Runtime"]
    found = Result()
    if name not in runtimes.RUNTIMES:
        found.problem(f"{name} is not a runtime of this module", f"choose one of {listed(runtimes.RUNTIMES)}")
        return found
    group = configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{deployment.name}")
    version = _botocore(deployment, group)
    found.summary = f"{name}, boto3 {version}" if version else f"{name}; its boto3 is known once the function has run"
    too_old = runtimes.too_old_for(version, _enabled(deployment)) if version else {}
    if too_old:
        needs = listed(f"{setting} needs {needed}" for setting, needed in too_old.items())
        found.problem(f"boto3 {version} of {name} is too old: {needs}", "choose a newer runtime, or turn these off")
    return found


def _botocore(deployment: Deployment, group: str) -> str:
    """Return the version in the newest lines of the function's log, "" if none has it."""
    # There is no stream and no group before the first run.
    streams = deployment.read(
        "logs",
        "DescribeLogStreams",
        logGroupName=group,
        orderBy="LastEventTime",
        descending=True,
        limit=_MOST_LOG_STREAMS,
    )
    for stream in (streams or {}).get("logStreams", []):
        events = deployment.read(
            "logs",
            "GetLogEvents",
            logGroupName=group,
            logStreamName=stream["logStreamName"],
            startFromHead=True,
            limit=100,
        )
        for event in (events or {}).get("events", []):
            version = _field(event["message"], "botocore")
            if version:
                return version
    return ""


def _field(line: str, name: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    return str(record.get(name, "")) if isinstance(record, dict) else ""


def _enabled(deployment: Deployment) -> frozenset[str]:
    try:
        return deployment.config().enabled
    except ConfigurationError as error:
        raise UnreadableError("the function's environment is wrong", "see what is said of the environment") from error


def role(deployment: Deployment) -> Result:
    """Check by simulation that the function's role may do what the enabled settings need."""
    enabled, config = _enabled(deployment), deployment.config()
    needed = permissions.of_function(
        deployment,
        enabled,
        outcome_events=config.outcome_events,
        bus=config.event_bus_arn or deployment.arn("events", "event-bus/default"),
        bucket=config.records_bucket,
    )
    return permissions.check(deployment, deployment.function()["Role"], needed, f"{len(enabled)} settings need")


def dead_letters(deployment: Deployment) -> Result:
    """Check that no restore waits in the dead-letter queue."""
    attributes = deployment.queue(deployment.dlq_name)
    if attributes is None:
        raise UnreadableError(f"there is no queue {deployment.dlq_name}", "see what is said of the queues")
    count = int(attributes.get("ApproximateNumberOfMessages", 0))
    found = Result("empty")
    if count:
        messages = "message is" if count == 1 else "messages are"
        found.problem(
            f"{count} {messages} in {deployment.dlq_name}, so a restored table lacks settings",
            "read the FailureReason, remove the cause and redrive (docs/operations.md)",
        )
    return found


def alarms(deployment: Deployment) -> Result:
    """Check that none of the module's alarms is in ALARM."""
    described = deployment.pages(
        "cloudwatch",
        "DescribeAlarms",
        "MetricAlarms",
        AlarmNamePrefix=f"{deployment.name}-",
        AlarmTypes=["MetricAlarm"],
    )
    own = [alarm for alarm in described if _is_own(deployment, alarm)]
    in_alarm = [alarm for alarm in own if alarm["StateValue"] == "ALARM"]
    waiting = [name for alarm in in_alarm if recorder.waits_for_first_run(deployment, name := alarm["AlarmName"])]
    found = Result(f"none of {len(own)} is in ALARM")
    if waiting:
        found.summary = f"none of {len(own)} is in ALARM, except until the recorder has run once: {listed(waiting)}"
    if not own:
        found.problem(f"there are no alarms {deployment.name}-*", APPLY)
    for alarm in in_alarm:
        if alarm["AlarmName"] not in waiting:
            what = alarm.get("AlarmDescription") or "see its description"
            found.problem(f"{alarm['AlarmName']} is in ALARM", what.rstrip("."))
    return found


def _is_own(deployment: Deployment, alarm: Mapping[str, Any]) -> bool:
    """Say whether an alarm is of this instance: the prefix of its name may be that of another one, too."""
    own = {deployment.name, deployment.dlq_name, deployment.recorder_name, *deployment.rule_names.values()}
    return any(dimension["Value"] in own for dimension in alarm.get("Dimensions", []))


CHECKS: Mapping[str, Callable[[Deployment], Result | None]] = {
    "trail": trail,
    "rules": rules,
    "targets": targets,
    "queues": queues,
    "queue policies": policies_of_queues,
    "event source mapping": mapping,
    "function": function,
    "environment": environment,
    "layer": layer,
    "runtime": runtime,
    "permissions": role,
    "dead-letter queue": dead_letters,
    "recorder": recorder.sweeps,
    "recorder permissions": recorder.role,
    "records bucket": recorder.bucket,
    "alarms": alarms,
}
"""By the name that their lines begin with."""
