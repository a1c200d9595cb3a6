"""The answers of S3 to requests that reach another Region than their bucket's: moto serves them.

Sources: S3 API reference, Error responses (PermanentRedirect, AuthorizationHeaderMalformed,
IllegalLocationConstraintException) and HeadBucket ("regardless of the permissions on the bucket, you will receive a
response header with the correct bucket location"); S3 user guide, Virtual hosting of buckets and Request routing (the
global endpoint, Regions launched after March 20, 2019). Answers: github.com/yanganto/s3rs/issues/18,
github.com/cloud-custodian/cloud-custodian/issues/8005, github.com/iterate-ch/cyberduck/issues/17301. That only a
PermanentRedirect and HeadBucket have the header is the stricter reading: no source shows it for the others.
"""

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from werkzeug.http import http_date

from tests.support.embedded_aws.stored_objects import bucket_of

if TYPE_CHECKING:
    from tests.support.embedded_aws.answers import Answer
    from tests.support.embedded_aws.calls import Call

# They also serve buckets of other Regions (API reference), or name none that exists.
_ANYWHERE = {"CreateBucket", "GetBucketLocation"}
# AWS Regions launched before March 20, 2019 (General Reference); others refuse, and are refused.
_FIRST_REGIONS = {
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
}
_GLOBAL_ENDPOINT = ".s3.amazonaws.com"
_HEADER = "x-amz-bucket-region"


def redirection(call: "Call", now: float) -> "Answer | None":
    """Return the answer to a request that is signed for another Region than its bucket's; None if it is not.

    It comes before any check of permissions.
    """
    region = _region_of_bucket(call)
    if region is None or region == call.region or call.operation in _ANYWHERE:
        return None
    status, elements, headers = _refusal(call, str(call.parameters["Bucket"]), region)
    headers |= {"x-amz-request-id": call.request_id, "Date": http_date(now), "Content-Type": "application/xml"}
    error = "".join(f"<{element}>{escape(text)}</{element}>" for element, text in elements.items())
    return status, headers, b"" if call.operation.startswith("Head") else f"<Error>{error}</Error>".encode()


def located(call: "Call", answer: "Answer") -> "Answer":
    """Return an answer with the bucket's Region if it is one to HeadBucket."""
    region = _region_of_bucket(call) if call.operation == "HeadBucket" else None
    status, headers, body = answer
    return (status, headers | {_HEADER: region}, body) if region else answer


def _region_of_bucket(call: "Call") -> str | None:
    """Return the Region of the bucket that a call names, None if there is none."""
    bucket = bucket_of(call) if call.service == "s3" else None
    return str(bucket.region_name) if bucket else None


def _refusal(call: "Call", bucket: str, region: str) -> tuple[int, dict[str, str], dict[str, str]]:
    """Return status, elements of the error and headers."""
    if not {call.region, region} <= _FIRST_REGIONS:
        constraint = "unspecified" if region == "us-east-1" else region
        message = (
            f"The {constraint} location constraint is incompatible for the region specific endpoint this request was "
            "sent to."
        )
        return 400, {"Code": "IllegalLocationConstraintException", "Message": message}, {}
    if call.request is not None and call.request.host.endswith(_GLOBAL_ENDPOINT):
        # DNS has led the request to the right Region, with the signature for us-east-1.
        message = f"The authorization header is malformed; the region '{call.region}' is wrong; expecting '{region}'"
        return 400, {"Code": "AuthorizationHeaderMalformed", "Message": message, "Region": region}, {}
    message = (
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
        "future requests to this endpoint."
    )
    endpoint = f"{bucket}.s3.{region}.amazonaws.com"
    elements = {"Code": "PermanentRedirect", "Message": message, "Endpoint": endpoint, "Bucket": bucket}
    return 301, elements, {_HEADER: region}
