"""CloudWatch Logs, as far as it searches lines that are JSON; the rest is moto's, for which every line matches."""

from typing import TYPE_CHECKING, Any, ClassVar

from tests.support.embedded_aws.log_patterns import parse
from tests.support.embedded_aws.service import Moto, Service, extends_moto, output_of

if TYPE_CHECKING:
    from tests.support.embedded_aws.answers import Answer
    from tests.support.embedded_aws.calls import Call


class Logs(Service):
    """The CloudWatch Logs of every Region."""

    name: ClassVar[str] = "logs"

    @extends_moto
    def filter_log_events(self, call: "Call", moto: Moto) -> "dict[str, Any] | Answer":
        """FilterLogEvents: a page may hold fewer events than asked for, and a token (API reference)."""
        pattern = call.parameters.get("filterPattern", "").strip()
        if not pattern.startswith("{"):
            return moto()
        matches = parse(pattern)
        output = output_of(moto)
        return output | {"events": [event for event in output["events"] if matches(event["message"])]}
