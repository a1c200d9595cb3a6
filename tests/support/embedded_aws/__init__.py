"""The embedded AWS: moto, extended; see README.md beside this package."""

from tests.support.embedded_aws.aws import EmbeddedAWS
from tests.support.embedded_aws.calls import Call, Principal
from tests.support.embedded_aws.clock import Clock
from tests.support.embedded_aws.faults import BODY_CUT, BODY_RESET, CONNECTION_RESET, READ_TIMEOUT, Fault, Faults

__all__ = [
    "BODY_CUT",
    "BODY_RESET",
    "CONNECTION_RESET",
    "READ_TIMEOUT",
    "Call",
    "Clock",
    "EmbeddedAWS",
    "Fault",
    "Faults",
    "Principal",
]
