"""What an AWS error means: transient, already so, or final."""

from __future__ import annotations

import os
from enum import Enum

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 (botocore's own, not the built-in one)
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
)


class AlreadySoError(Exception):
    """Somebody else has brought about what was to be written; the message says what."""


class FinalError(Exception):
    """AWS refused for good; the message is a sentence that says why and what to do."""


class OutOfTimeError(Exception):
    """No time is left for another call in this invocation; the message says so."""


class BusyError(Exception):
    """AWS is still working on an earlier write, or something changes while it is read; the message says what."""


class GoneError(Exception):
    """What a setting of the source refers to does not exist; the message is a sentence that names it."""


class Meaning(Enum):
    """What to do about an error."""

    NOT_READY = "AWS is still working on the table: try again within seconds"
    TRANSIENT = "try again later"
    ALREADY_SO = "what was asked for is there: read again to see it"
    GONE = "it refers to something that does not exist: leave it out"
    UNSUPPORTED = "the Region does not offer the call: skip the setting"
    FINAL = "it will not succeed by itself"


# Codes of a service that does not know an operation. DynamoDB: hashicorp/terraform-provider-aws#4567. The AWS JSON
# protocols answer UnknownOperationException (Smithy specification); the Query protocol, of CloudWatch, InvalidAction
# (CloudWatch API reference, Common errors). A status alone is what botocore has of an answer without a code.
_UNSUPPORTED = dict.fromkeys(
    (
        "404",
        "405",
        "InvalidAction",
        "MethodNotAllowed",
        "MethodNotAllowedException",
        "UnknownOperationException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    ),
    Meaning.UNSUPPORTED,
)
# Service models of DynamoDB, Lambda, Application Auto Scaling and CloudWatch; live probes of October 2026; what
# botocore itself would try again (botocore.retries.standard).
_MEANING_OF_CODE = {
    **_UNSUPPORTED,
    # A write that does not find a table which DescribeTable finds: the restore is not over everywhere.
    "ResourceNotFoundException": Meaning.NOT_READY,
    "TableInUseException": Meaning.NOT_READY,
    "TableNotFoundException": Meaning.NOT_READY,
    "ConcurrentUpdateException": Meaning.NOT_READY,
    "ContinuousBackupsUnavailableException": Meaning.NOT_READY,
    "ObjectNotFoundException": Meaning.NOT_READY,
    # A policy that was changed since it was read (PutResourcePolicy with ExpectedRevisionId).
    "PolicyNotFoundException": Meaning.NOT_READY,
    "ResourceInUseException": Meaning.NOT_READY,
    "ConcurrentModificationException": Meaning.TRANSIENT,
    "ExpiredToken": Meaning.TRANSIENT,
    "ExpiredTokenException": Meaning.TRANSIENT,
    # An entry that PutEvents has not taken has a code and no status.
    "InternalException": Meaning.TRANSIENT,
    "InternalFailure": Meaning.TRANSIENT,
    "InternalServerError": Meaning.TRANSIENT,
    "InternalServiceError": Meaning.TRANSIENT,
    "InternalServiceException": Meaning.TRANSIENT,
    "InvalidNextToken": Meaning.TRANSIENT,
    "InvalidNextTokenException": Meaning.TRANSIENT,
    "LimitExceededException": Meaning.TRANSIENT,
    # S3: a conflicting operation is in progress, try again (S3 API reference, Error responses).
    "OperationAborted": Meaning.TRANSIENT,
    "BandwidthLimitExceeded": Meaning.TRANSIENT,
    "PriorRequestNotComplete": Meaning.TRANSIENT,
    "RequestExpired": Meaning.TRANSIENT,
    "RequestLimitExceeded": Meaning.TRANSIENT,
    "RequestThrottled": Meaning.TRANSIENT,
    "RequestThrottledException": Meaning.TRANSIENT,
    "RequestTimeout": Meaning.TRANSIENT,
    "RequestTimeoutException": Meaning.TRANSIENT,
    "ServiceException": Meaning.TRANSIENT,
    "ServiceUnavailable": Meaning.TRANSIENT,
    "SlowDown": Meaning.TRANSIENT,
    "ThrottledException": Meaning.TRANSIENT,
    "Throttling": Meaning.TRANSIENT,
    "ThrottlingException": Meaning.TRANSIENT,
    "TooManyRequestsException": Meaning.TRANSIENT,
}
# The same codes with another meaning: the function of a trigger is not being created, and neither is an event bus.
_MEANING_IN_OPERATION = {
    ("CreateEventSourceMapping", "ResourceConflictException"): Meaning.ALREADY_SO,
    ("CreateEventSourceMapping", "ResourceNotFoundException"): Meaning.GONE,
    ("PutEvents", "ResourceNotFoundException"): Meaning.FINAL,
    # Application Auto Scaling: as many targets, policies or actions as the account may have.
    ("PutScalingPolicy", "LimitExceededException"): Meaning.FINAL,
    ("PutScheduledAction", "LimitExceededException"): Meaning.FINAL,
    ("RegisterScalableTarget", "LimitExceededException"): Meaning.FINAL,
    # Lambda: another operation on the mapping is in progress.
    ("TagResource", "ResourceConflictException"): Meaning.NOT_READY,
}
# Codes whose message decides. In lower case; a message with none of these texts means what its code means.
_MEANING_OF_MESSAGE = {
    # CloudWatch throttles the alarms of a scaling policy (hashicorp/terraform-provider-aws#2275).
    "FailedResourceAccessException": {"rate exceeded": Meaning.TRANSIENT, "throttling": Meaning.TRANSIENT},
    "InvalidParameterValueException": {
        # Lambda's answer to CreateEventSourceMapping (recorded by LocalStack, test_event_source_mapping_exceptions).
        "function does not exist": Meaning.GONE,
        # Lambda does not see yet the stream that was enabled a moment ago (aws-amplify/amplify-cli#11626).
        "stream not found": Meaning.NOT_READY,
        # Lambda cannot tag mappings in every Region (hashicorp/terraform-provider-aws#39849).
        "unsupported resource type for tagging": Meaning.UNSUPPORTED,
    },
    # Limits that no attempt outlasts, 30 days and the account's (live probes, October 2026).
    "LimitExceededException": {
        "updates to tableclass are limited": Meaning.FINAL,
        "of the account in region": Meaning.FINAL,
    },
    # CreateTable of a name that is taken; every other text is of a table that changes (live probes, October 2026).
    "ResourceInUseException": {"table already exists": Meaning.FINAL},
    # The new stream or its table, which CreateEventSourceMapping does not see yet: the trigger's function may be there.
    "ResourceNotFoundException": {
        "requested resource not found": Meaning.NOT_READY,
        "stream not found": Meaning.NOT_READY,
    },
    # PutResourcePolicy takes another document 15 s after the last one, and so does UpdateTable deletion protection
    # (live probes, October 2026).
    "ThrottlingException": {"modified within the previous": Meaning.NOT_READY},
    "ValidationException": {
        "already has an enabled stream": Meaning.NOT_READY,
        # DynamoDB is not done with the table, an index or a replica (live probes, October 2026).
        "while table is in": Meaning.NOT_READY,
        "must be active to enable contributorinsights": Meaning.NOT_READY,
        "server-side encryption status is in updating state": Meaning.NOT_READY,
        "while the replica is being added": Meaning.NOT_READY,
        # Application Auto Scaling does not see the table yet (terraform-aws-modules/terraform-aws-dynamodb-table#15).
        "table does not exist": Meaning.NOT_READY,
        "modified multiple times within a fixed interval": Meaning.TRANSIENT,
        # Every refusal of a Kinesis destination that is ENABLING, UPDATING or DISABLING, whatever was asked for, and
        # of a table that has another live destination (live probe, October 2026).
        "not in a valid state to enable kinesis streaming destination": Meaning.NOT_READY,
        "no streaming destination with streamarn": Meaning.NOT_READY,
        "precision is already set to the desired value": Meaning.ALREADY_SO,
        "timetolive is already enabled": Meaning.ALREADY_SO,
        # Application Auto Scaling's service-linked role, which its first call has just made.
        "unable to assume iam role": Meaning.TRANSIENT,
        # DynamoDB, of a parameter that a Region does not have yet (hashicorp/terraform-provider-aws#7064).
        "unsupported input parameter": Meaning.UNSUPPORTED,
    },
}
_NO_ANSWER = (ConnectionError, CredentialRetrievalError, HTTPClientError, IncompleteReadError, NoCredentialsError)
_MEANING_OF_OURS = {
    AlreadySoError: Meaning.ALREADY_SO,
    BusyError: Meaning.NOT_READY,
    GoneError: Meaning.GONE,
}
_SERVER_ERROR = 500


def meaning(error: Exception) -> Meaning:
    """Classify what a call to AWS raised; what is not known to pass is final."""
    if isinstance(error, (*_NO_ANSWER, OutOfTimeError)):
        # A Region without the service has no endpoint, which cannot be distinguished from a network that fails.
        return Meaning.TRANSIENT
    if isinstance(error, (AlreadySoError, BusyError, GoneError)):
        return _MEANING_OF_OURS[type(error)]
    if not isinstance(error, ClientError):
        return Meaning.FINAL
    code = error.response["Error"].get("Code", "")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERROR:
        return Meaning.TRANSIENT
    # S3 may have no text (an empty element of its XML).
    message = (error.response["Error"].get("Message") or "").lower()
    of_message = (found for text, found in _MEANING_OF_MESSAGE.get(code, {}).items() if text in message)
    return (
        next(of_message, None)
        or _MEANING_IN_OPERATION.get((error.operation_name, code))
        or _MEANING_OF_CODE.get(code, Meaning.FINAL)
    )


def is_refusal(error: Exception) -> bool:
    """Say whether AWS has certainly not done what was asked for."""
    status = (
        error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(error, ClientError) else 0
    )
    return isinstance(error, OutOfTimeError) or 0 < status < _SERVER_ERROR


def explain(error: Exception) -> str:
    """Return one line that says which call failed and why."""
    return " ".join(_explanation(error).split())


def _explanation(error: Exception) -> str:
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        return f"{error.operation_name}: {details.get('Code', 'unknown error')}: {details.get('Message') or ''}".rstrip(
            ": "
        )
    if isinstance(error, (AttributeError, ParamValidationError)):
        return f"{this_boto3()} cannot make the call: {error}"
    if isinstance(error, (AlreadySoError, BusyError, FinalError, GoneError, OutOfTimeError)):
        return str(error)
    return f"{type(error).__name__}: {error}"


def anonymous(error: Exception) -> str:
    """Return a reason that carries nothing of a message, for an error that nobody expected."""
    if isinstance(error, (BotoCoreError, ClientError)):
        return explain(error)
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f"{os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno}" if frame else "?"  # noqa: PTH119
    return f"{type(error).__name__} at {where}"


def this_boto3() -> str:
    """Return which boto3 there is, for a sentence about what it cannot do."""
    import boto3  # noqa: PLC0415 (only for its version, and long to import)

    return f"boto3 {boto3.__version__} of this runtime"
