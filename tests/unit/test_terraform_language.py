"""No Terraform file needs more than Terraform 1.5.7, or what version 6 of the AWS provider removed or deprecated."""

import pytest

from scripts.terraform_files import parse, read
from tests.support.terraform import REPOSITORY
from tests.support.terraform_language import newer_than_1_5, removed_by_version_6

FILES = sorted(
    path.relative_to(REPOSITORY)
    for pattern in ("*.tf", "examples/*/*.tf", "tests/terraform/**/*.tf")
    for path in REPOSITORY.glob(pattern)
)
every_file = pytest.mark.parametrize("file", FILES, ids=str)


def test_root_and_examples_are_looked_at():
    assert {"main.tf", "variables.tf", "examples/basic/main.tf"} <= set(map(str, FILES))


@every_file
def test_terraform_1_5_7_knows_every_construct(file):
    assert newer_than_1_5(read(REPOSITORY / file)) == []


@every_file
def test_version_6_of_the_provider_has_every_construct(file):
    assert removed_by_version_6(read(REPOSITORY / file)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # 1.7
        ("removed {\n  from = aws_sqs_queue.this\n}", "the block removed"),
        (
            'import {\n  for_each = toset(["a"])\n  to       = aws_sqs_queue.this[each.key]\n  id       = "a"\n}',
            "for_each in import",
        ),
        # 1.6
        ("import {\n  to = aws_sqs_queue.this\n  id = var.url\n}", "an import whose id is no text"),
        ('import {\n  to = aws_sqs_queue.this\n  id = "${var.url}"\n}', "an import whose id is no text"),
        # 1.8
        ('locals {\n  arn = "a${provider::aws::arn_parse(var.arn)}"\n}', "the function provider::aws::arn_parse"),
        ("locals {\n  secret = issensitive(var.arn)\n}", "the function issensitive"),
        ("moved {\n  from = aws_sqs_queue.this\n  to   = aws_sns_topic.this\n}", "a move to another type"),
        # 1.9
        ("locals {\n  text = templatestring(local.template, {})\n}", "the function templatestring"),
        (
            'variable "a" {\n  validation {\n    condition     = var.a < var.b\n    error_message = "A."\n  }\n}',
            "var.b in the validation of a",
        ),
        (
            'variable "a" {\n  validation {\n    condition     = var.a\n    error_message = "A ${local.b}."\n  }\n}',
            "local.b in the validation of a",
        ),
        # 1.10
        ('ephemeral "aws_kms_secrets" "this" {\n}', "the block ephemeral"),
        ('variable "a" {\n  type      = string\n  ephemeral = true\n}', "ephemeral in variable"),
        ('output "a" {\n  value     = 1\n  ephemeral = true\n}', "ephemeral in output"),
        ("locals {\n  a = terraform.applying\n}", "the reference terraform.applying"),
        # 1.11
        ('resource "aws_x" "this" {\n  secret_wo = var.secret\n}', "the write-only argument secret_wo"),
        # 1.14
        ('action "aws_lambda_invoke" "this" {\n}', "the block action"),
        (
            'resource "aws_x" "this" {\n  lifecycle {\n    action_trigger {\n      events = [a]\n    }\n  }\n}',
            "action_trigger in lifecycle",
        ),
        # 1.15
        ('variable "a" {\n  deprecated = "Use b."\n}', "deprecated in variable"),
        ('module "a" {\n  source = "../${var.b}"\n}', "the source of module a, which is no text"),
        # 1.17
        ("terraform {\n  required_version = var.version\n}", "a reference in terraform"),
        # It cannot be read, whatever it is.
        ("locals {\n  a = <<-EOT\n    $${b} ${templatestring(c)}\n  EOT\n}", "an expression in a heredoc"),
        # OpenTofu
        ('provider "aws" {\n  for_each = var.regions\n  alias    = "all"\n}', "for_each in provider"),
    ],
)
def test_newer_construct_is_found(text, found):
    assert newer_than_1_5(parse(text)) == [found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("locals {\n  region = data.aws_region.current.name\n}", "data.aws_region.current.name"),
        ('locals {\n  arn = "a:${data.aws_region.current[0].name}"\n}', "data.aws_region.current[0].name"),
        ('data "aws_region" "other" {\n  name = "eu-west-1"\n}', "the argument name of aws_region"),
        (
            'resource "aws_s3_bucket_versioning" "this" {\n  expected_bucket_owner = local.account\n}',
            "expected_bucket_owner",
        ),
        ('provider "aws" {\n  endpoints {\n    simpledb = var.endpoint\n  }\n}', "the endpoint simpledb"),
        (
            'resource "aws_opsworks_stack" "this" {\n}',
            "aws_opsworks_stack, which is not looked up in the upgrade guide",
        ),
    ],
)
def test_construct_that_version_6_removed_or_deprecated_is_found(text, found):
    assert removed_by_version_6(parse(text)) == [found]


@pytest.mark.parametrize(
    "text",
    [
        '# templatestring(a)\nlocals {\n  a = "provider::aws::b()" // issensitive(a)\n}',
        "locals {\n  a = <<-EOT\n    issensitive(a) } removed {\n  EOT\n  /* templatestring(b) */\n}",
        'locals {\n  a = "$${issensitive(a)} \\"${lower("b}")} issensitive(c)"\n}',
    ],
)
def test_texts_and_comments_are_no_code(text):
    assert newer_than_1_5(parse(text)) == []
