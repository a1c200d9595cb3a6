"""EventBridge: moto keeps rules and targets, this matches events and delivers them to SQS queues.

Sources: EventBridge user guide, "Using resource-based policies", "Debugging event delivery" (dead-letter queues),
"Events from AWS services" (CloudTrail), "Calculating PutEvents event entry size"; API reference and service model,
PutEvents (10 entries, less than 1 MB), PutRule, PutTargets. Not modelled: targets other than queues of the same Region,
retries (a queue is there and allows, or not), schedules other than rates, archives. Rates invoke functions.
"""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from moto.awslambda.models import lambda_backends
from moto.events.models import Rule, events_backends

from tests.support.embedded_aws import event_patterns
from tests.support.embedded_aws.answers import Answer, AwsError
from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.embedded_aws.service import Moto, Service, extends_moto

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call

RATE = re.compile(r"rate\((?P<number>[0-9]+) (?P<unit>minute|hour|day)s?\)")
SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
PRINCIPAL = "events.amazonaws.com"
MOST_ENTRIES, MOST_BYTES = 10, 1024 * 1024
ERRORS = {
    "NO_RESOURCE": "The target does not exist.",
    "NO_PERMISSIONS": "The target's resource-based policy does not allow the rule to send to it.",
}


@dataclass(frozen=True)
class LostEvent:
    """An event that reached neither a target nor its dead-letter queue."""

    rule_arn: str
    target_arn: str
    error_code: str
    event: dict[str, Any]


class Events(Service):
    """The event buses of every Region. `lost` are the events that nobody got."""

    name: ClassVar[str] = "events"

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Start with nothing lost."""
        super().__init__(aws)
        self.lost: list[LostEvent] = []
        self._last_fired: dict[str, float] = {}

    # What the other services use.

    def put(self, region: str, event: dict[str, Any], *, read_only: bool = False) -> None:
        """Deliver an event of an AWS service, `source`, `detail-type` and `detail`, from the default bus of a Region.

        A call that only reads reaches rules whose state says that they want all management events.
        """
        self._deliver(region, "default", event, read_only=read_only)

    def next_schedule(self) -> float | None:
        """Return when the next rule with a rate is due (epoch seconds), None if there is none."""
        return min((due for due, _, _ in self._scheduled()), default=None)

    def fire_schedules(self) -> list[tuple[str, str]]:
        """Return ARN and input of each function that a rule invokes now, whose policy lets the rule do so."""
        invoked = []
        for due, key, rule in list(self._scheduled()):
            if due > self.now:
                continue
            self._last_fired[key] = due
            for target in rule.targets:
                region = target["Arn"].split(":")[3]
                function = lambda_backends[self.aws.account][region].get_function(target["Arn"])
                policy = {"Statement": function.policy.statements}
                context = {"aws:SourceArn": rule.arn}
                if decision(policy, AccessRequest(PRINCIPAL, "lambda:InvokeFunction", target["Arn"], context)):
                    invoked.append((target["Arn"], _input(target, {})))
                else:
                    self.lost.append(LostEvent(rule.arn, target["Arn"], "NO_PERMISSIONS", {}))
        return invoked

    def _scheduled(self) -> Iterator[tuple[float, str, Rule]]:
        for region, backend in list(events_backends[self.aws.account].items()):
            for rule in list(backend.event_buses["default"].rules.values()):
                rate = RATE.fullmatch(rule.scheduled_expression or "")
                key = f"{self.aws.account}:{region}:{rule.name}"
                if rate and rule.state == "ENABLED" and key in self._last_fired:
                    yield self._last_fired[key] + int(rate["number"]) * SECONDS[rate["unit"]], key, rule

    # Operations.

    @extends_moto
    def put_rule(self, call: "Call", moto: Moto) -> Answer:
        """PutRule: refuses patterns that EventBridge does not understand."""
        if "EventPattern" in call.parameters:
            event_patterns.parse(call.parameters["EventPattern"])
        answer = moto()
        if "ScheduleExpression" in call.parameters:
            # "The frequency starts when you create the rule" (EventBridge user guide, Rate expressions).
            self._last_fired[f"{self.aws.account}:{call.region}:{call.parameters['Name']}"] = self.now
        return answer

    def put_events(self, call: "Call") -> dict[str, Any]:
        """PutEvents: each entry on its own; sources of AWS are reserved."""
        sent = call.parameters["Entries"]
        if not 1 <= len(sent) <= MOST_ENTRIES:
            message = f"Value at 'entries' failed to satisfy constraint: Member must have 1 to {MOST_ENTRIES} items"
            raise AwsError("ValidationException", message)
        if sum(map(_size, sent)) >= MOST_BYTES:
            raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
        entries = [self._put_entry(call.region, entry) for entry in sent]
        return {"FailedEntryCount": sum("ErrorCode" in entry for entry in entries), "Entries": entries}

    def test_event_pattern(self, call: "Call") -> dict[str, Any]:
        """TestEventPattern."""
        pattern = event_patterns.parse(call.parameters["EventPattern"])
        return {"Result": event_patterns.matches(pattern, json.loads(call.parameters["Event"]))}

    def _put_entry(self, region: str, entry: dict[str, Any]) -> dict[str, Any]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                message = f"Parameter {name} is not valid. Reason: {name} is a required argument."
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
        if entry["Source"].startswith("aws."):
            message = "Not authorized for the source."
            return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": message}
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        event = {
            "source": entry["Source"],
            "detail-type": entry["DetailType"],
            "detail": detail,
            "resources": entry.get("Resources", []),
        }
        bus = entry.get("EventBusName", "default").rsplit("/", 1)[-1]
        return {"EventId": self._deliver(region, bus, event, read_only=False)}

    def _deliver(self, region: str, bus_name: str, event: dict[str, Any], *, read_only: bool) -> str:
        event_id = str(uuid.uuid4())
        bus = events_backends[self.aws.account][region].event_buses.get(bus_name)
        full = {
            "version": "0",
            "id": event_id,
            "detail-type": event["detail-type"],
            "source": event["source"],
            "account": self.aws.account,
            "time": datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": event.get("resources", []),
            "detail": event["detail"],
        }
        for rule in list(bus.rules.values()) if bus else []:
            pattern = rule.event_pattern.dump()
            wanted = rule.state.startswith("ENABLED") and (not read_only or rule.state != "ENABLED")
            if wanted and pattern and event_patterns.matches(json.loads(pattern), full):
                for target in rule.targets:
                    self._send(rule, target, full)
        return event_id

    def _send(self, rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> None:
        error = self._put_into(target["Arn"], rule, _input(target, event))
        if error is None:
            return
        dead_letter_queue = target.get("DeadLetterConfig", {}).get("Arn")
        attributes = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": error,
            "ERROR_MESSAGE": ERRORS[error],
        }
        sent = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        if not dead_letter_queue or self._put_into(dead_letter_queue, rule, json.dumps(event), sent):
            self.lost.append(LostEvent(rule.arn, target["Arn"], error, event))

    def _put_into(self, queue_arn: str, rule: Rule, body: str, attributes: dict[str, Any] | None = None) -> str | None:
        if queue_arn.split(":")[2:4] != ["sqs", rule.region_name]:
            message = f"{queue_arn} is a kind of target that the embedded AWS does not model."
            raise NotImplementedError(message)
        context = {
            "aws:SourceArn": rule.arn,
            "aws:SourceAccount": self.aws.account,
            "aws:SecureTransport": "true",
            "aws:PrincipalIsAWSService": "true",
        }
        request = AccessRequest(PRINCIPAL, "sqs:SendMessage", queue_arn, context)
        return self.aws.sqs.deliver(queue_arn, body, request, attributes)


def _size(entry: dict[str, Any]) -> int:
    texts = [*(entry.get(name, "") for name in ("Source", "DetailType", "Detail")), *entry.get("Resources", [])]
    return sum(len(text.encode()) for text in texts) + 14 * ("Time" in entry)


def _input(target: dict[str, Any], event: dict[str, Any]) -> str:
    """Return what the target gets (API reference, Target): the event, a part of it, or a constant."""
    if "InputTransformer" in target:
        raise AwsError("ValidationException", "InputTransformer is not modelled by the embedded AWS.")
    if "Input" in target:
        return str(target["Input"])
    part: Any = event
    for name in target.get("InputPath", "$").split(".")[1:]:
        part = part[name]
    return json.dumps(part)
