"""Lambda's event source mappings of DynamoDB streams and SQS queues.

Sources: Lambda API reference (CreateEventSourceMapping and its relatives), Lambda developer guide, "Using Lambda with
DynamoDB" and "Using Lambda with Amazon SQS". Mappings do not run anything here.
"""

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.service import Moto, Service, extends_moto, page
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call
    from tests.support.embedded_aws.clock import Clock

PAGE = 100
# What an answer says of fields that were not sent (API reference, the defaults).
DEFAULTS: dict[str, dict[str, Any]] = {
    "dynamodb": {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "FunctionResponseTypes": [],
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "TumblingWindowInSeconds": 0,
    },
    "sqs": {"BatchSize": 10, "FunctionResponseTypes": [], "MaximumBatchingWindowInSeconds": 0},
}
COMMON_FIELDS = {"BatchSize", "FilterCriteria", "FunctionResponseTypes", "KMSKeyArn", "MaximumBatchingWindowInSeconds"}
FIELDS = {
    "dynamodb": {*COMMON_FIELDS, *DEFAULTS["dynamodb"], "MetricsConfig", "StartingPosition"},
    "sqs": {*COMMON_FIELDS, "MetricsConfig", "ProvisionedPollerConfig", "ScalingConfig"},
}
NOT_OF_THE_SOURCE = {"FunctionName", "EventSourceArn", "Enabled", "Tags", "UUID"}
MAXIMUM_FILTERS = 5
MAXIMUM_TAGS = 50


@dataclass(eq=False)
class EventSourceMapping:
    """One mapping. `settings` are the fields that were sent, and the defaults of the others."""

    uuid: str
    arn: str
    event_source_arn: str
    function_arn: str
    settings: dict[str, Any]
    tags: dict[str, str]
    state: Transition
    modified: float
    clock: "Clock" = field(repr=False)
    undecryptable: bool = False

    def get_configuration(self) -> dict[str, Any]:
        """Return what GetEventSourceMapping returns."""
        stream = ":dynamodb:" in self.event_source_arn
        return self.settings | {
            "UUID": self.uuid,
            "EventSourceArn": self.event_source_arn,
            "EventSourceMappingArn": self.arn,
            "FunctionArn": self.function_arn,
            "LastModified": self.modified,
            "LastProcessingResult": "No records processed" if stream else None,
            "State": self.state.status(self.clock.now()),
            "StateTransitionReason": "User action" if stream else "USER_INITIATED",
        }


class EventSourceMappings(Service):
    """The mappings of every Region. They are kept in moto's backends, where a service that polls finds them."""

    def create_event_source_mapping(self, call: "Call") -> dict[str, Any]:
        """CreateEventSourceMapping: Creating for `delays.mapping`, then Enabled or Disabled.

        A mapping of a queue is Creating in the answer alone.
        """
        sent = call.parameters
        source = sent.get("EventSourceArn", "")
        kind = (source.split(":") + [""] * 3)[2]
        if kind not in FIELDS:  # or one that is not modelled
            raise _invalid("Unrecognized event source.")
        function, function_arn = self._function(call.region, sent["FunctionName"])
        settings = _settings(sent)
        if kind == "dynamodb":
            _check_position(source, sent.get("StartingPosition"))
        self._check(kind, settings)
        _check_tags(sent.get("Tags", {}))
        if kind == "dynamodb":
            self._check_stream(call.region, source)
            # Whether the mapping is enabled makes no difference: no source exempts one that is not.
            self.aws.permissions.check_stream_reader(function.role, source)
        else:
            self._check_queue(source, function)
            self.aws.permissions.check_queue_poller(function.role, source)
        mappings = self._mappings(call.region)
        for known in mappings.values():
            if (known.event_source_arn, known.function_arn) == (source, function_arn):
                raise AwsError(
                    "ResourceConflictException",
                    f'The event source arn (" {source} ") and function (" {function.function_name} ") provided mapping '
                    f"already exists. Please update or delete the existing mapping with UUID {known.uuid}",
                )
        mapping_id = str(uuid.uuid4())
        mapping = EventSourceMapping(
            uuid=mapping_id,
            arn=f"arn:aws:lambda:{call.region}:{self.aws.account}:event-source-mapping:{mapping_id}",
            event_source_arn=source,
            function_arn=function_arn,
            settings=_fresh(DEFAULTS[kind]) | settings,
            tags=dict(sent.get("Tags", {})),
            state=Transition("Creating", _state(enabled=sent.get("Enabled", True)), self._settled_at(source)),
            modified=self.now,
            clock=self.aws.clock,
        )
        mappings[mapping_id] = mapping
        return mapping.get_configuration() | {"State": "Creating"}

    def list_event_source_mappings(self, call: "Call") -> dict[str, Any]:
        """ListEventSourceMappings: pages of at most 100; filters of a mapping with a KMS key are not told."""
        source = call.parameters.get("EventSourceArn")
        name = call.parameters.get("FunctionName")
        function_arn = self._function_arn(call.region, name) if name else None
        found = [
            mapping.get_configuration()
            for mapping in self._mappings(call.region).values()
            if source in {None, mapping.event_source_arn} and function_arn in {None, mapping.function_arn}
        ]
        size = min(PAGE, int(call.parameters.get("MaxItems", PAGE)))
        found, marker = page(found, call.parameters.get("Marker"), size, lambda: _invalid("Invalid Marker."))
        told = [mapping | {"FilterCriteria": None} if mapping.get("KMSKeyArn") else mapping for mapping in found]
        return {"EventSourceMappings": told, "NextMarker": marker}

    def get_event_source_mapping(self, call: "Call") -> dict[str, Any]:
        """GetEventSourceMapping: of a filter under a KMS key that cannot be used, the error in its place."""
        mapping = self._mapping(call)
        if not mapping.undecryptable:
            return mapping.get_configuration()
        error = {"ErrorCode": "KMSDisabledException", "Message": f"{mapping.settings['KMSKeyArn']} is disabled."}
        return mapping.get_configuration() | {"FilterCriteria": None, "FilterCriteriaError": error}

    def lose_filter_key(self, region: str, mapping_id: str) -> None:
        """Let the KMS key of a mapping's filter be disabled (service model, FilterCriteriaError)."""
        mapping = self._mappings(region)[mapping_id]
        assert mapping.settings.get("KMSKeyArn"), mapping
        mapping.undecryptable = True

    def update_event_source_mapping(self, call: "Call") -> dict[str, Any]:
        """UpdateEventSourceMapping: only of a mapping that is not changing."""
        mapping = self._mapping(call)
        self._check_settled(mapping, "update")
        sent = call.parameters
        kind = mapping.event_source_arn.split(":")[2]
        settings = _settings(sent)
        self._check(kind, settings)
        if "FunctionName" in sent:
            mapping.function_arn = self._function(call.region, sent["FunctionName"])[1]
        before = mapping.state.status(self.now)
        after = _state(enabled=sent.get("Enabled", before == "Enabled"))
        mapping.settings |= settings
        mapping.modified = self.now
        during = {"Enabled": "Enabling", "Disabled": "Disabling"}[after] if after != before else "Updating"
        mapping.state = Transition(during, after, self._settled_at(mapping.event_source_arn))
        return mapping.get_configuration() | {"State": during}

    def delete_event_source_mapping(self, call: "Call") -> dict[str, Any]:
        """DeleteEventSourceMapping: Deleting for `delays.mapping`, then gone."""
        mapping = self._mapping(call)
        self._check_settled(mapping, "delete")
        mapping.state = Transition("Deleting", "Deleted", self._settled_at(mapping.event_source_arn))
        return mapping.get_configuration() | {"State": "Deleting"}

    @extends_moto
    def list_tags(self, call: "Call", moto: Moto) -> Any:
        """ListTags, of a mapping too."""
        mapping = self._tagged(call)
        return {"Tags": mapping.tags} if mapping else moto()

    @extends_moto
    def tag_resource(self, call: "Call", moto: Moto) -> Any:
        """TagResource, of a mapping too."""
        mapping = self._tagged(call)
        tags = call.parameters["Tags"]
        _check_tags((mapping.tags if mapping else {}) | tags)
        return mapping.tags.update(tags) if mapping else moto()

    @extends_moto
    def untag_resource(self, call: "Call", moto: Moto) -> Any:
        """UntagResource, of a mapping too."""
        mapping = self._tagged(call)
        if mapping is None:
            return moto()
        mapping.tags = {key: value for key, value in mapping.tags.items() if key not in call.parameters["TagKeys"]}
        return None

    def _settled_at(self, source: str) -> float:
        # The function under test makes no mapping of a queue, so that those need not keep anyone waiting.
        return self.now + (self.aws.delays.mapping if ":dynamodb:" in source else 0)

    def _mappings(self, region: str) -> dict[str, EventSourceMapping]:
        # moto declares its own mappings there, and makes none: these operations are answered here.
        mappings = cast("dict[str, EventSourceMapping]", self._backend(region)._event_source_mappings)  # noqa: SLF001
        for gone in [m.uuid for m in mappings.values() if m.state.status(self.now) == "Deleted"]:
            del mappings[gone]
        return mappings

    def _mapping(self, call: "Call") -> EventSourceMapping:
        mapping = self._mappings(call.region).get(call.parameters["UUID"])
        if mapping is None:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.")
        return mapping

    def _tagged(self, call: "Call") -> EventSourceMapping | None:
        arn = call.parameters["Resource"]
        if ":event-source-mapping:" not in arn:
            return None
        mapping = self._mappings(call.region).get(arn.rsplit(":", 1)[-1])
        if mapping is None:
            raise AwsError("ResourceNotFoundException", f"Event source mapping not found: {arn}")
        return mapping

    def _backend(self, region: str) -> LambdaBackend:
        return lambda_backends[self.aws.account][region]

    def _function_arn(self, region: str, name: str) -> str:
        """Return the ARN, with the qualifier if `name` has one, of a function's name, partial ARN or ARN."""
        bare = re.sub(r"^(arn:[^:]*:lambda:)?([a-z0-9-]+-\d:)?(\d{12}:)?(function:)?", "", name)
        return f"arn:aws:lambda:{region}:{self.aws.account}:function:{bare}"

    def _function(self, region: str, name: str) -> tuple[LambdaFunction, str]:
        arn = self._function_arn(region, name)
        try:
            function = self._backend(region).get_function(arn)
        except LambdaClientError:
            raise _invalid("Function does not exist") from None
        return function, arn

    def _check_stream(self, region: str, arn: str) -> None:
        if arn.split(":")[3] != region or not self.aws.dynamodb.stream_exists(arn):
            raise _invalid(f"Stream not found: {arn}")

    def _check_queue(self, arn: str, function: LambdaFunction) -> None:
        queue = self.aws.sqs.queue(arn)
        if queue is None:
            raise _invalid(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                "SQS Error Message: The specified queue does not exist."
            )
        if queue.number("VisibilityTimeout") < int(function.timeout):
            raise _invalid(
                f"Queue visibility timeout: {queue.number('VisibilityTimeout')} seconds is less than "
                f"Function timeout: {function.timeout} seconds"
            )

    def _check_settled(self, mapping: EventSourceMapping, verb: str) -> None:
        if not mapping.state.settled(self.now):
            message = f"Cannot {verb} the event source mapping because it is in use."
            raise AwsError("ResourceInUseException", message)

    def _check(self, kind: str, settings: dict[str, Any]) -> None:
        for name in sorted(settings.keys() - FIELDS[kind]):
            raise _invalid(f"Unsupported {name} parameter for given event source mapping type.")
        batch = settings.get("BatchSize") or 0
        if (
            kind == "sqs"
            and batch > DEFAULTS["sqs"]["BatchSize"]
            and not settings.get("MaximumBatchingWindowInSeconds")
        ):
            raise _invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
            )
        filters = (settings.get("FilterCriteria") or {}).get("Filters") or []
        if len(filters) > MAXIMUM_FILTERS:
            raise _invalid(f"At most {MAXIMUM_FILTERS} filters are allowed.")
        for item in filters:
            try:
                pattern = json.loads(item.get("Pattern", ""))
            except ValueError:
                pattern = None
            if not isinstance(pattern, dict):
                raise _invalid("Invalid filter pattern definition.")


def _settings(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent about the mapping itself; filter criteria without filters are none."""
    settings = {name: value for name, value in sent.items() if name not in NOT_OF_THE_SOURCE}
    if "FilterCriteria" in settings and not settings["FilterCriteria"].get("Filters"):
        settings["FilterCriteria"] = None
    return settings


def _check_position(stream: str, position: str | None) -> None:
    if position is None:
        raise _invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null."
        )
    if position == "AT_TIMESTAMP":
        raise _invalid(f"Unsupported starting position for arn type: {stream}")


def _check_tags(tags: dict[str, str]) -> None:
    if len(tags) > MAXIMUM_TAGS:
        raise _invalid("Number of tags exceeds resource tag limit.")


def _state(*, enabled: bool) -> str:
    return "Enabled" if enabled else "Disabled"


def _fresh(defaults: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(defaults))
    return copy


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)
