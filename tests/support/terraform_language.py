"""Finds in Terraform files what Terraform 1.5.7 or version 6 of the AWS provider does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hcl2.rules.functions import FunctionCallRule
from hcl2.rules.indexing import FullSplatExprTermRule, GetAttrExprTermRule
from hcl2.rules.literal_rules import IdentifierRule
from hcl2.rules.strings import HeredocTemplateRule

from scripts.terraform_files import expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hcl2.query import NodeView
    from hcl2.rules.abstract import LarkRule

    from scripts.terraform_files import Block

# Those of `terraform metadata functions` of 1.11 but issensitive (1.8), templatestring (1.9), ephemeralasnull (1.10);
# and what makes types.
FUNCTIONS = """
    abs abspath alltrue anytrue base64decode base64encode base64gzip base64sha256 base64sha512 basename bcrypt can
    ceil chomp chunklist cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat contains
    csvdecode dirname distinct element endswith file filebase64 filebase64sha256 filebase64sha512 fileexists
    filemd5 fileset filesha1 filesha256 filesha512 flatten floor format formatdate formatlist indent index join
    jsondecode jsonencode keys length log lookup lower matchkeys max md5 merge min nonsensitive one parseint
    pathexpand plantimestamp pow range regex regexall replace reverse rsadecrypt sensitive setintersection
    setproduct setsubtract setunion sha1 sha256 sha512 signum slice sort split startswith strcontains strrev
    substr sum templatefile textdecodebase64 textencodebase64 timeadd timecmp timestamp title tobool tolist tomap
    tonumber toset tostring transpose trim trimprefix trimspace trimsuffix try upper urlencode uuid uuidv5 values
    yamldecode yamlencode zipmap
    list map object optional set tuple
"""

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
NAMESPACES = {"var", "local", "data", "module", "path", "each", "count", "self", "terraform", "ephemeral"}

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


def newer_than_1_5(blocks: Iterable[Block]) -> list[str]:
    """Return what in a file's blocks Terraform 1.5.7 does not know, one sentence each."""
    return [found for block in blocks for search in (_members, _values, _expressions) for found in search(block)]


def removed_by_version_6(blocks: Iterable[Block]) -> list[str]:
    """Return what in a file's blocks version 6 of the AWS provider removed or deprecated, or nobody has looked up."""
    return [found for block in blocks for found in _removed(block)]


def _texts(view: NodeView, *rules: type[LarkRule]) -> list[str]:
    return [found.to_hcl() for rule in rules for found in view.find_all(rule)]


def _names(block: Block) -> list[str]:
    return sorted(set(_texts(block.tree, IdentifierRule)))


def _references(view: NodeView) -> set[str]:
    """Return what is referred to, by the first two names: "var.name", "data.aws_region", "aws_sqs_queue.this"."""
    pairs = {text for text in _texts(view, GetAttrExprTermRule) if text.count(".") == 1}
    return {pair for pair in pairs if pair.startswith("aws_") or pair.partition(".")[0] in NAMESPACES}


def _is_template(text: str) -> bool:
    plain = text.replace("$${", "").replace("%%{", "")
    return "${" in plain or "%{" in plain


def _members(block: Block) -> Iterator[str]:
    if block.kind not in KINDS:
        yield f"the block {block.kind}"
    known = MEMBERS.get(block.kind, block.body.keys())
    yield from (f"{name} in {block.kind}" for name in sorted(block.body.keys() - known))
    if block.kind == "provider" and "for_each" in block.body:
        yield "for_each in provider"
    for lifecycle in block.body.get("lifecycle", []):
        yield from (f"{name} in lifecycle" for name in sorted(lifecycle.keys() - LIFECYCLE))
    yield from (f"the write-only argument {name}" for name in _names(block) if name.endswith("_wo"))


def _values(block: Block) -> Iterator[str]:
    if block.kind == "import" and _is_template(block.body.get("id", "")):
        yield "an import whose id is no text"
    if block.kind == "module" and _is_template(block.body["source"]):
        yield f"the source of module {block.labels[0]}, which is no text"
    if block.kind == "moved":
        types = {expression(block.body[end]).split("[")[0].split(".")[-2] for end in ("from", "to")}
        if len(types) > 1:
            yield "a move to another type"


def _expressions(block: Block) -> Iterator[str]:
    called = {text.partition("(")[0] for text in _texts(block.tree, FunctionCallRule)}
    yield from (f"the function {name}" for name in sorted(called - set(FUNCTIONS.split())))
    referred = _references(block.tree)
    newer = {name for name in referred if name == "terraform.applying" or name.startswith("ephemeral.")}
    yield from (f"the reference {name}" for name in sorted(newer))
    if block.kind == "terraform" and referred:
        yield "a reference in terraform"
    if block.kind == "variable":
        for validation in block.tree.blocks("validation"):
            others = _references(validation) - {f"var.{block.labels[0]}"}
            yield from (f"{name} in the validation of {block.labels[0]}" for name in sorted(others))
    # python-hcl2 reads no expressions in heredocs.
    if any(map(_is_template, _texts(block.tree, HeredocTemplateRule))):
        yield "an expression in a heredoc"


def _removed(block: Block) -> Iterator[str]:
    if block.kind in {"resource", "data"} and block.labels[0] not in KNOWN_TO_VERSION_6:
        yield f"{block.labels[0]}, which is not looked up in the upgrade guide"
    for text in _texts(block.tree, GetAttrExprTermRule, FullSplatExprTermRule):
        if text.startswith("data.aws_region.") and text.endswith(".name"):
            yield text
    if block.kind == "data" and block.labels[0] == "aws_region" and "name" in block.body:
        yield "the argument name of aws_region"
    # Deprecated by 6.31 for all resources of a bucket.
    yield from (name for name in _names(block) if name == "expected_bucket_owner")
    endpoints = {"opsworks", "simpledb", "sdb", "worklink"}
    yield from (f"the endpoint {name}" for name in _names(block) if name in endpoints)
