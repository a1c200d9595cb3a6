"""Finds in Terraform files what Terraform 1.5.7 or version 6 of the AWS provider does not take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.hcl import Block, blocks, code

if TYPE_CHECKING:
    from collections.abc import Iterator

# Those of `terraform metadata functions` of 1.11 but issensitive (1.8), templatestring (1.9), ephemeralasnull (1.10).
FUNCTIONS = set(
    re.findall(
        r"\w+",
        """
    abs abspath alltrue anytrue base64decode base64encode base64gzip base64sha256 base64sha512 basename bcrypt can ceil
    chomp chunklist cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat contains csvdecode
    dirname distinct element endswith file filebase64 filebase64sha256 filebase64sha512 fileexists filemd5 fileset
    filesha1 filesha256 filesha512 flatten floor format formatdate formatlist indent index join jsondecode jsonencode
    keys length log lookup lower matchkeys max md5 merge min nonsensitive one parseint pathexpand plantimestamp pow
    range regex regexall replace reverse rsadecrypt sensitive setintersection setproduct setsubtract setunion sha1
    sha256 sha512 signum slice sort split startswith strcontains strrev substr sum templatefile textdecodebase64
    textencodebase64 timeadd timecmp timestamp title tobool tolist tomap tonumber toset tostring transpose trim
    trimprefix trimspace trimsuffix try upper urlencode uuid uuidv5 values yamldecode yamlencode zipmap
        """,
    )
)
TYPES = {"list", "map", "object", "optional", "set", "tuple"}

# What a block may hold (Terraform 1.5 documentation, Configuration Language); of other kinds, providers decide.
MEMBERS = {
    "terraform": {"backend", "cloud", "experiments", "provider_meta", "required_providers", "required_version"},
    "variable": {"default", "description", "nullable", "sensitive", "type", "validation"},
    "output": {"depends_on", "description", "precondition", "sensitive", "value"},
    "import": {"id", "provider", "to"},
    "moved": {"from", "to"},
}
LIFECYCLE = {
    "create_before_destroy",
    "ignore_changes",
    "postcondition",
    "precondition",
    "prevent_destroy",
    "replace_triggered_by",
}
KINDS = {*MEMBERS, "check", "data", "locals", "module", "provider", "resource"}

# Of these the version 6 upgrade guide of the AWS provider and its changelog up to 6.12 say nothing but what
# `removed_by_version_6` looks for.
KNOWN_TO_VERSION_6 = {
    "aws_caller_identity",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_event_bus",
    "aws_cloudwatch_event_rule",
    "aws_cloudwatch_event_target",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_metric_alarm",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_kms_key",
    "aws_lambda_event_source_mapping",
    "aws_lambda_function",
    "aws_lambda_layer_version",
    "aws_lambda_permission",
    "aws_partition",
    "aws_region",
    "aws_s3_bucket",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_sns_topic",
    "aws_sns_topic_policy",
    "aws_sqs_queue",
}


def newer_than_1_5(text: str) -> list[str]:
    """Return what in a formatted file Terraform 1.5.7 does not know, one sentence each."""
    found = [f"the block {block.kind}" for block in blocks(text) if block.kind not in KINDS]
    for block in blocks(text):
        found += _members(block)
        found += {"variable": _validations, "import": _import, "moved": _moved, "module": _module}.get(
            block.kind, lambda _: iter(())
        )(block)
    plain = code(text)
    called = set(re.findall(r"(?<![\w:.])([a-z]\w*)\(", plain))
    found += [f"the function {name}" for name in sorted(called - FUNCTIONS - TYPES)]
    found += [f"the function {name}" for name in re.findall(r"\b(?:provider|core)::[\w:]+", plain)]
    found += [f"the write-only argument {name}" for name in re.findall(r"^\s+(\w+_wo)\s*=", plain, re.MULTILINE)]
    found += [f"the reference {name}" for name in re.findall(r"\bterraform\.applying\b|\bephemeral\.\w+", plain)]
    return found


def removed_by_version_6(text: str) -> list[str]:
    """Return what in a formatted file version 6 of the AWS provider removed or deprecated, or nobody has looked up."""
    kinds = {block.labels[0] for block in blocks(text) if block.kind in {"resource", "data"}}
    found = [f"{kind}, which is not looked up in the upgrade guide" for kind in sorted(kinds - KNOWN_TO_VERSION_6)]
    found += re.findall(r"data\.aws_region\.\w+(?:\[[^]]*\])?\.name\b", code(text))
    found += [
        "the argument name of aws_region"
        for block in blocks(text, "data")
        if block.labels[0] == "aws_region" and "name" in _names(block)
    ]
    # Deprecated by 6.31 for all resources of a bucket.
    found += re.findall(r"\bexpected_bucket_owner\b", code(text))
    endpoints = re.findall(r"^\s+(opsworks|simpledb|sdb|worklink)\s*=", code(text), re.MULTILINE)
    return found + [f"the endpoint {name}" for name in endpoints]


def _names(block: Block) -> set[str]:
    return set(re.findall(r"^ {0,2}(\w+)(?: \"\")* ?(?:=|\{)", re.sub(r" +=", " =", code(block.body)), re.MULTILINE))


def _members(block: Block) -> Iterator[str]:
    known = MEMBERS.get(block.kind)
    if known:
        yield from (f"{name} in {block.kind}" for name in sorted(_names(block) - known))
    if block.kind == "provider" and "for_each" in _names(block):
        yield "for_each in provider"
    if block.kind == "terraform" and re.search(r"\b(?:var|local)\.", code(block.body)):
        yield "a reference in terraform"
    for lifecycle in re.findall(r"^  lifecycle \{\n(.*?)^  \}", code(block.body), re.MULTILINE | re.DOTALL):
        names = set(re.findall(r"^    (\w+)\s*(?:=|\{)", lifecycle, re.MULTILINE))
        yield from (f"{name} in lifecycle" for name in sorted(names - LIFECYCLE))


def _validations(block: Block) -> Iterator[str]:
    for validation in re.findall(r"^  validation \{\n(.*?)^  \}", code(block.body), re.MULTILINE | re.DOTALL):
        referred = set(
            re.findall(r"\b(?:var|local|data|module|path|each|count|self|terraform|aws_\w+)\.\w+", validation)
        )
        yield from (f"{name} in the validation of {block.labels[0]}" for name in sorted(referred - {_self(block)}))


def _self(block: Block) -> str:
    return f"var.{block.labels[0]}"


def _import(block: Block) -> Iterator[str]:
    if not re.search(r'^ *id *= "[^"$%]*"$', block.body, re.MULTILINE):
        yield "an import whose id is no text"


def _moved(block: Block) -> Iterator[str]:
    ends = re.findall(r"^ *(?:from|to) *= (?:module\.\w+\.)*(\w+)\.", block.body, re.MULTILINE)
    if len(set(ends)) > 1:
        yield "a move to another type"


def _module(block: Block) -> Iterator[str]:
    if not re.search(r'^ *source *= "[^"$%]*"$', block.body, re.MULTILINE):
        yield f"the source of module {block.labels[0]}, which is no text"
