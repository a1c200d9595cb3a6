"""A request that the embedded AWS reads without moto's detours is the one that moto would read."""

import contextlib

import pytest
from botocore.exceptions import ClientError
from moto.core.request import normalize_request

from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.http_requests import http_request

CALLS = {
    "dynamodb": lambda client: client.describe_table(TableName="ordérs" * 50),
    "sqs": lambda client: client.list_queues(QueueNamePrefix="a/b?c=d&e"),
    "logs": lambda client: client.create_log_group(logGroupName="/aws/lambda/x"),
    "lambda": lambda client: client.list_functions(MaxItems=3),
    "s3": lambda client: client.put_object(Bucket="b", Key="a key/ü", Body=b"x", Metadata={"under_score": "kept"}),
}


@pytest.fixture
def sent(monkeypatch):
    """Return the requests that clients sent, in order."""
    requests = []
    answer = EmbeddedAWS._answer_in_process  # noqa: SLF001 (what every request passes)

    def kept(aws, request):
        requests.append(request)
        return answer(aws, request)

    monkeypatch.setattr(EmbeddedAWS, "_answer_in_process", kept)
    return requests


@pytest.mark.parametrize("service", CALLS)
def test_it_is_the_same(sent, service):
    # What the service answers is not asked here.
    with EmbeddedAWS() as aws, contextlib.suppress(ClientError):
        CALLS[service](aws.client(service, parameter_validation=False))
    (request,) = sent
    ours, theirs = http_request(request), normalize_request(request)
    assert ours.get_data() == theirs.get_data()
    assert dict(ours.headers) == dict(theirs.headers)
    streams = {"wsgi.input", "wsgi.errors", "werkzeug.request"}
    assert {k: v for k, v in ours.environ.items() if k not in streams} == {
        k: v for k, v in theirs.environ.items() if k not in streams
    }
