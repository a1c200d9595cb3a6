import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from table_sync.errors import Meaning, explain, meaning


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
        (CredentialRetrievalError(provider="x", error_msg="y"), Meaning.TRANSIENT),
        (NoCredentialsError(), Meaning.TRANSIENT),
        (client_error("ResourceInUseException"), Meaning.SETTLING),
        (client_error("ResourceNotFoundException"), Meaning.SETTLING),
        (client_error("TableNotFoundException"), Meaning.SETTLING),
        (client_error("ContinuousBackupsUnavailableException"), Meaning.SETTLING),
        (client_error("ObjectNotFoundException", operation="PutScalingPolicy"), Meaning.SETTLING),
        (client_error("ConcurrentUpdateException", operation="PutScalingPolicy"), Meaning.SETTLING),
        (client_error("ResourceConflictException", operation="CreateEventSourceMapping"), Meaning.ALREADY_SO),
        (client_error("ResourceNotFoundException", operation="CreateEventSourceMapping"), Meaning.FINAL),
        (client_error("InvalidParameterValueException", operation="CreateEventSourceMapping"), Meaning.FINAL),
        (
            client_error(
                "InvalidParameterValueException",
                operation="CreateEventSourceMapping",
                message="Stream not found: arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x",
            ),
            Meaning.SETTLING,
        ),
        (
            client_error(
                "ValidationException",
                operation="RegisterScalableTarget",
                message="DynamoDB table does not exist: table/orders",
            ),
            Meaning.SETTLING,
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
        (client_error("ValidationException", message="Table already has an enabled stream: x"), Meaning.SETTLING),
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


def test_an_aws_error_is_explained_with_its_operation():
    error = client_error("AccessDeniedException", message="not authorized to perform: dynamodb:UpdateTable")
    assert explain(error) == "UpdateTable: AccessDeniedException: not authorized to perform: dynamodb:UpdateTable"


def test_an_old_boto3_is_explained_as_such():
    error = ParamValidationError(report='Unknown parameter in input: "RecoveryPeriodInDays"')
    assert "boto3" in explain(error)
    assert "RecoveryPeriodInDays" in explain(error)
