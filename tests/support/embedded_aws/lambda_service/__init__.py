"""The part of Lambda that moto leaves out: it runs deployed functions, when invoked and for messages in SQS queues.

`LambdaService` polls the queues of event source mappings and answers Invoke. A runtime runs the functions:
`ChildProcessRuntime` their zips by the real runtime client, `InProcessRuntime` a handler of this process.
`ConcurrentLambdaService` runs many invocations of such a handler at the same time.
"""

from tests.support.embedded_aws.lambda_service.child_process import ChildProcessRuntime, PackageError
from tests.support.embedded_aws.lambda_service.concurrent import ConcurrentLambdaService
from tests.support.embedded_aws.lambda_service.in_process import InProcessRuntime
from tests.support.embedded_aws.lambda_service.service import Invocation, LambdaService

__all__ = [
    "ChildProcessRuntime",
    "ConcurrentLambdaService",
    "InProcessRuntime",
    "Invocation",
    "LambdaService",
    "PackageError",
]
