import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    CredentialRetrievalError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from table_sync.errors import (
    AlreadySoError,
    BusyError,
    FinalError,
    GoneError,
    Meaning,
    OutOfTimeError,
    anonymous,
    explain,
    is_refusal,
    meaning,
)


def client_error(code, *, operation="UpdateTable", message="", status=400):
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client_error("LimitExceededException"), Meaning.TRANSIENT),
        (client_error("LimitExceededException", operation="RegisterScalableTarget"), Meaning.FINAL),
        (client_error("LimitExceededException", operation="PutScalingPolicy"), Meaning.FINAL),
        (client_error("LimitExceededException", operation="PutScheduledAction"), Meaning.FINAL),
        (client_error("ThrottlingException"), Meaning.TRANSIENT),
        (client_error("TooManyRequestsException", status=429), Meaning.TRANSIENT),
        (client_error("ExpiredTokenException"), Meaning.TRANSIENT),
        (client_error("RequestTimeout"), Meaning.TRANSIENT),
        (client_error("RequestThrottled"), Meaning.TRANSIENT),
        (client_error("ServiceUnavailable"), Meaning.TRANSIENT),
        (
            client_error("ValidationException", message="Unable to assume IAM role: arn:aws:iam::1:role/x"),
            Meaning.TRANSIENT,
        ),
        (client_error("Whatever", status=500), Meaning.TRANSIENT),
        (client_error("Whatever", status=503), Meaning.TRANSIENT),
        (ConnectionClosedError(endpoint_url="x"), Meaning.TRANSIENT),
        (EndpointConnectionError(endpoint_url="x"), Meaning.TRANSIENT),
        (ReadTimeoutError(endpoint_url="x"), Meaning.TRANSIENT),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), Meaning.TRANSIENT),
        (CredentialRetrievalError(provider="x", error_msg="y"), Meaning.TRANSIENT),
        (NoCredentialsError(), Meaning.TRANSIENT),
        # What the service models call a fault of AWS's own, as PutEvents tells it of an entry: without a status.
        *(
            (client_error(code, operation="PutEvents", status=0), Meaning.TRANSIENT)
            for code in ("InternalException", "InternalFailure", "InternalServerError", "ServiceException")
        ),
        (client_error("ConcurrentModificationException", operation="TagResource", status=429), Meaning.TRANSIENT),
        *(
            (client_error("ValidationException", message=f"{what} while table is in {state} state"), Meaning.NOT_READY)
            for what in ("Cannot describe time to live", "Cannot update time to live")
            for state in ("CREATING", "UPDATING", "DELETING")
        ),
        (client_error("ResourceInUseException"), Meaning.NOT_READY),
        (client_error("ResourceNotFoundException"), Meaning.NOT_READY),
        (client_error("TableNotFoundException"), Meaning.NOT_READY),
        (client_error("ContinuousBackupsUnavailableException"), Meaning.NOT_READY),
        (client_error("ObjectNotFoundException", operation="PutScalingPolicy"), Meaning.NOT_READY),
        (client_error("ConcurrentUpdateException", operation="PutScalingPolicy"), Meaning.NOT_READY),
        (client_error("ResourceConflictException", operation="CreateEventSourceMapping"), Meaning.ALREADY_SO),
        (client_error("ResourceNotFoundException", operation="CreateEventSourceMapping"), Meaning.GONE),
        (
            client_error(
                "InvalidParameterValueException",
                operation="CreateEventSourceMapping",
                message="Function does not exist",
            ),
            Meaning.GONE,
        ),
        # None of these says that the function is gone.
        *(
            (
                client_error("ResourceNotFoundException", operation="CreateEventSourceMapping", message=message),
                Meaning.NOT_READY,
            )
            for message in (
                "Stream not found: arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x",
                "Requested resource not found: Stream: arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x",
                "Requested resource not found: Table: orders not found",
            )
        ),
        (client_error("AccessDeniedException", operation="CreateEventSourceMapping", status=403), Meaning.FINAL),
        (
            client_error(
                "InvalidParameterValueException",
                operation="CreateEventSourceMapping",
                message="Cannot access stream arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x",
            ),
            Meaning.FINAL,
        ),
        (GoneError("The Kinesis stream does not exist."), Meaning.GONE),
        (BusyError("an index is UPDATING"), Meaning.NOT_READY),
        *(
            (client_error(code, operation="ListContributorInsights"), Meaning.UNSUPPORTED)
            for code in ("UnknownOperationException", "UnsupportedOperationException", "InvalidAction", "404", "405")
        ),
        (
            client_error(
                "ValidationException",
                message="One or more parameter values were invalid: Unsupported input parameter TableClass",
            ),
            Meaning.UNSUPPORTED,
        ),
        (
            client_error(
                "InvalidParameterValueException",
                operation="ListTags",
                message="Unsupported resource type for tagging or invalid arn",
            ),
            Meaning.UNSUPPORTED,
        ),
        # Kinesis destinations: live probe, October 2026.
        *(
            (
                client_error(
                    "ValidationException",
                    message=f"Table is not in a valid state to enable Kinesis Streaming Destination: {why}",
                ),
                Meaning.NOT_READY,
            )
            for why in (
                "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.",
                "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: orders",
            )
        ),
        (
            client_error("ValidationException", message="No streaming destination with streamArn: x found for table"),
            Meaning.NOT_READY,
        ),
        (
            client_error(
                "ValidationException",
                message="Invalid Request: Precision is already set to the desired value of MILLISECOND for tableId: x",
            ),
            Meaning.ALREADY_SO,
        ),
        (
            client_error(
                "ThrottlingException",
                operation="PutResourcePolicy",
                message="Resource-based policy for table orders modified within the previous 15000 milliseconds. "
                "Please try again after 2026-10-09T00:29:34.602Z.",
            ),
            Meaning.NOT_READY,
        ),
        (client_error("InvalidParameterValueException", operation="CreateEventSourceMapping"), Meaning.FINAL),
        (
            client_error(
                "InvalidParameterValueException",
                operation="CreateEventSourceMapping",
                message="Stream not found: arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x",
            ),
            Meaning.NOT_READY,
        ),
        (
            client_error(
                "ValidationException",
                operation="RegisterScalableTarget",
                message="DynamoDB table does not exist: table/orders",
            ),
            Meaning.NOT_READY,
        ),
        (client_error("ValidationException", message="TimeToLive is already enabled"), Meaning.ALREADY_SO),
        (
            client_error("ValidationException", message="TimeToLive is active on a different AttributeName"),
            Meaning.FINAL,
        ),
        (
            client_error(
                "ValidationException", message="Time to live has been modified multiple times within a fixed interval"
            ),
            Meaning.TRANSIENT,
        ),
        (client_error("ValidationException", message="Table already has an enabled stream: x"), Meaning.NOT_READY),
        (
            client_error(
                "FailedResourceAccessException",
                operation="PutScalingPolicy",
                message="Unable to create alarms for scaling policy x due to reason: Rate exceeded (Service: "
                "AmazonCloudWatch; Status Code: 400; Error Code: Throttling)",
            ),
            Meaning.TRANSIENT,
        ),
        (
            client_error("FailedResourceAccessException", message="x due to reason: slow down (ThrottlingException)"),
            Meaning.TRANSIENT,
        ),
        (
            client_error(
                "FailedResourceAccessException",
                operation="PutScalingPolicy",
                message="Unable to create alarms for scaling policy x due to reason: not authorized",
            ),
            Meaning.FINAL,
        ),
        (client_error("ValidationException", message="One or more parameter values were invalid"), Meaning.FINAL),
        (client_error("AccessDeniedException"), Meaning.FINAL),
        (ParamValidationError(report="Unknown parameter"), Meaning.FINAL),
        (KeyError("x"), Meaning.FINAL),
    ],
    ids=repr,
)
def test_what_an_error_means(error, expected):
    assert meaning(error) is expected


# Of EC2, and of reading and writing items.
OF_OTHER_CALLS = {"EC2ThrottledException", "ProvisionedThroughputExceededException", "TransactionInProgressException"}
# botocore has no public list.
RETRIED = {
    *TransientRetryableChecker._TRANSIENT_ERROR_CODES,  # noqa: SLF001
    *ThrottledRetryableChecker._THROTTLED_ERROR_CODES,  # noqa: SLF001
}


@pytest.mark.parametrize("code", sorted(RETRIED - OF_OTHER_CALLS))
def test_what_botocore_would_try_again_is_tried_again(code):
    assert meaning(client_error(code)) is Meaning.TRANSIENT


@pytest.mark.parametrize(
    "code",
    [
        *("ExpiredToken", "RequestExpired"),  # the credentials: the next invocation has others
        *("InternalServiceError", "InternalServiceException"),
        *("InvalidNextToken", "InvalidNextTokenException"),  # of a list that went on too long
        "OperationAborted",
    ],
)
def test_what_passes_by_itself_is_tried_again(code):
    assert meaning(client_error(code)) is Meaning.TRANSIENT


@pytest.mark.parametrize(
    "code",
    [
        *("404", "405", "InvalidAction", "MethodNotAllowed", "MethodNotAllowedException"),
        *("UnknownOperationException", "UnsupportedOperation", "UnsupportedOperationException"),
    ],
)
def test_a_call_that_the_region_does_not_offer_is_told_from_one_that_fails(code):
    assert meaning(client_error(code)) is Meaning.UNSUPPORTED


def test_an_event_bus_that_does_not_exist_is_not_waited_for():
    assert meaning(client_error("ResourceNotFoundException", operation="PutEvents")) is Meaning.FINAL


def test_alarms_of_a_scaling_policy_that_are_throttled_are_tried_again():
    assert meaning(client_error("FailedResourceAccessException", message="Rate exceeded")) is Meaning.TRANSIENT


def test_an_aws_error_is_explained_with_its_operation():
    error = client_error("AccessDeniedException", message="not authorized to perform: dynamodb:UpdateTable")
    assert explain(error) == "UpdateTable: AccessDeniedException: not authorized to perform: dynamodb:UpdateTable"


def test_an_aws_error_without_a_message_is_explained_by_its_code():
    assert explain(client_error("InternalServerError", status=500)) == "UpdateTable: InternalServerError"
    assert explain(ClientError({}, "UpdateTable")) == "UpdateTable: unknown error"


def test_an_old_boto3_is_explained_as_such():
    error = ParamValidationError(report='Unknown parameter in input: "RecoveryPeriodInDays"')
    assert explain(error) == f"boto3 {boto3.__version__} of this runtime cannot make the call: {error}".replace(
        "\n", " "
    )


@pytest.mark.parametrize("kind", [AlreadySoError, BusyError, FinalError, GoneError, OutOfTimeError])
def test_an_error_of_our_own_explains_itself(kind):
    assert explain(kind("the table class is STANDARD by now")) == "the table class is STANDARD by now"


def test_any_other_error_is_explained_with_its_type():
    assert explain(ValueError("not  a\n number")) == "ValueError: not a number"


def test_an_error_that_nobody_expected_names_its_place_and_no_part_of_a_message():
    def deep():
        raise KeyError("4111-1111-1111-1111")

    with pytest.raises(KeyError) as caught:
        deep()
    assert anonymous(caught.value) == f"KeyError at test_errors.py:{deep.__code__.co_firstlineno + 1}"
    assert anonymous(KeyError("never raised")) == "KeyError at ?"


def test_an_error_of_aws_or_its_sdk_is_explained_although_nobody_expected_it():
    assert anonymous(client_error("AccessDeniedException")) == "UpdateTable: AccessDeniedException"
    assert anonymous(NoCredentialsError()) == "NoCredentialsError: Unable to locate credentials"


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (client_error("ValidationException", status=400), True),
        (client_error("TooManyRequestsException", status=429), True),
        (OutOfTimeError("not called"), True),
        (client_error("InternalServerError", status=500), False),
        (client_error("Unknown", status=0), False),
        (ClientError({"Error": {"Code": "Unknown"}}, "UpdateTable"), False),
        (ReadTimeoutError(endpoint_url="x"), False),
    ],
    ids=repr,
)
def test_only_an_answer_that_blames_the_caller_shows_that_nothing_was_done(error, refused):
    assert is_refusal(error) is refused
