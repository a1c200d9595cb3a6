"""What an AWS error means: transient, already so, or final."""

from __future__ import annotations

from enum import Enum

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 (botocore's own, not the built-in one)
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
)


class AlreadySoError(Exception):
    """Somebody else has brought about what was to be written; the message says what."""


class FinalError(Exception):
    """AWS refused for good; the message is a sentence that says why and what to do."""


class OutOfTimeError(Exception):
    """No time is left for another call in this invocation; the message says so."""


class Meaning(Enum):
    """What to do about an error."""

    SETTLING = "AWS is still working on the table: look again within seconds"
    TRANSIENT = "look again later"
    ALREADY_SO = "what was asked for is there: look again to see it"
    FINAL = "it will not succeed by itself"


# Service models of DynamoDB, Lambda, Application Auto Scaling and CloudWatch; live probes of October 2026; what
# botocore itself would try again (botocore.retries.standard).
_MEANING_OF_CODE = {
    # A write that does not find a table which DescribeTable finds: the restore is not over everywhere.
    "ResourceNotFoundException": Meaning.SETTLING,
    "TableInUseException": Meaning.SETTLING,
    "TableNotFoundException": Meaning.SETTLING,
    "ConcurrentUpdateException": Meaning.SETTLING,
    "ContinuousBackupsUnavailableException": Meaning.SETTLING,
    "ObjectNotFoundException": Meaning.SETTLING,
    # A policy that was changed since it was read (PutResourcePolicy with ExpectedRevisionId).
    "PolicyNotFoundException": Meaning.SETTLING,
    "ResourceInUseException": Meaning.SETTLING,
    "ExpiredToken": Meaning.TRANSIENT,
    "ExpiredTokenException": Meaning.TRANSIENT,
    "InternalFailure": Meaning.TRANSIENT,
    "InternalServiceException": Meaning.TRANSIENT,
    "InvalidNextToken": Meaning.TRANSIENT,
    "InvalidNextTokenException": Meaning.TRANSIENT,
    "LimitExceededException": Meaning.TRANSIENT,
    "BandwidthLimitExceeded": Meaning.TRANSIENT,
    "PriorRequestNotComplete": Meaning.TRANSIENT,
    "RequestExpired": Meaning.TRANSIENT,
    "RequestLimitExceeded": Meaning.TRANSIENT,
    "RequestThrottled": Meaning.TRANSIENT,
    "RequestThrottledException": Meaning.TRANSIENT,
    "RequestTimeout": Meaning.TRANSIENT,
    "RequestTimeoutException": Meaning.TRANSIENT,
    "ServiceUnavailable": Meaning.TRANSIENT,
    "SlowDown": Meaning.TRANSIENT,
    "ThrottledException": Meaning.TRANSIENT,
    "Throttling": Meaning.TRANSIENT,
    "ThrottlingException": Meaning.TRANSIENT,
    "TooManyRequestsException": Meaning.TRANSIENT,
}
# The same codes with another meaning: the function of a trigger, or an event bus, is nothing that is still being made.
_MEANING_IN_OPERATION = {
    ("CreateEventSourceMapping", "ResourceConflictException"): Meaning.ALREADY_SO,
    ("CreateEventSourceMapping", "ResourceNotFoundException"): Meaning.FINAL,
    ("PutEvents", "ResourceNotFoundException"): Meaning.FINAL,
    # Application Auto Scaling: as many targets, policies or actions as the account may have.
    ("PutScalingPolicy", "LimitExceededException"): Meaning.FINAL,
    ("PutScheduledAction", "LimitExceededException"): Meaning.FINAL,
    ("RegisterScalableTarget", "LimitExceededException"): Meaning.FINAL,
    # Lambda: another operation on the mapping is in progress.
    ("TagResource", "ResourceConflictException"): Meaning.SETTLING,
}
# Codes of which only the message tells that the request as such is fine.
_MEANING_OF_MESSAGE = {
    # CloudWatch throttles the alarms of a scaling policy (hashicorp/terraform-provider-aws#2275).
    "FailedResourceAccessException": {"rate exceeded": Meaning.TRANSIENT, "throttling": Meaning.TRANSIENT},
    "InvalidParameterValueException": {
        # Lambda does not see yet the stream that was enabled a moment ago (aws-amplify/amplify-cli#11626).
        "stream not found": Meaning.SETTLING,
    },
    "ValidationException": {
        "already has an enabled stream": Meaning.SETTLING,
        # DynamoDB is not done with the table, an index or a replica (live probes, October 2026).
        "cannot describe time to live while table is in": Meaning.SETTLING,
        "must be active to enable contributorinsights": Meaning.SETTLING,
        "server-side encryption status is in updating state": Meaning.SETTLING,
        "while the replica is being added": Meaning.SETTLING,
        # Application Auto Scaling does not see the table yet (terraform-aws-modules/terraform-aws-dynamodb-table#15).
        "table does not exist": Meaning.SETTLING,
        "modified multiple times within a fixed interval": Meaning.TRANSIENT,
        "precision is already set to the desired value": Meaning.ALREADY_SO,
        "timetolive is already enabled": Meaning.ALREADY_SO,
        "to perform enable operation": Meaning.SETTLING,
        "to perform update operation": Meaning.SETTLING,
        # Application Auto Scaling's service-linked role, which its first call has just made.
        "unable to assume iam role": Meaning.TRANSIENT,
    },
}
_NO_ANSWER = (ConnectionError, CredentialRetrievalError, HTTPClientError, NoCredentialsError)
_SERVER_ERROR = 500


def meaning(error: Exception) -> Meaning:
    """Classify what a call to AWS raised; what is not known to pass is final."""
    if isinstance(error, (*_NO_ANSWER, OutOfTimeError)):
        return Meaning.TRANSIENT
    if isinstance(error, AlreadySoError):
        return Meaning.ALREADY_SO
    if not isinstance(error, ClientError):
        return Meaning.FINAL
    code = error.response["Error"].get("Code", "")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERROR:
        return Meaning.TRANSIENT
    if code in _MEANING_OF_MESSAGE:
        message = error.response["Error"].get("Message", "").lower()
        return next((found for text, found in _MEANING_OF_MESSAGE[code].items() if text in message), Meaning.FINAL)
    return _MEANING_IN_OPERATION.get((error.operation_name, code)) or _MEANING_OF_CODE.get(code, Meaning.FINAL)


def is_refusal(error: Exception) -> bool:
    """Say whether AWS has certainly not done what was asked for."""
    status = (
        error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(error, ClientError) else 0
    )
    return isinstance(error, OutOfTimeError) or 0 < status < _SERVER_ERROR


def explain(error: Exception) -> str:
    """Return one line that says which call failed and why."""
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        return f"{error.operation_name}: {details.get('Code', 'unknown error')}: {details.get('Message', '')}".rstrip(
            ": "
        )
    if isinstance(error, (AttributeError, ParamValidationError)):
        return f"{this_boto3()} cannot make the call: {error}"
    if isinstance(error, (AlreadySoError, FinalError, OutOfTimeError)):
        return str(error)
    return f"{type(error).__name__}: {error}"


def this_boto3() -> str:
    """Return which boto3 there is, for a sentence about what it cannot do."""
    import boto3  # noqa: PLC0415 (only for its version, and long to import)

    return f"boto3 {boto3.__version__} of this runtime"
