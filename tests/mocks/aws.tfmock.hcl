# The partition, Region and account of no real AWS: what is hard-coded shows.
# `override_during` makes these test files need Terraform 1.11; the module itself needs 1.5.7.

mock_data "aws_partition" {
  override_during = plan
  defaults        = { partition = "aws-test" }
}

mock_data "aws_region" {
  override_during = plan
  defaults        = { id = "xx-test-1" }
}

mock_data "aws_caller_identity" {
  override_during = plan
  defaults        = { account_id = "111122223333" }
}

mock_resource "aws_sqs_queue" {
  override_during = plan
  defaults = {
    arn = "arn:aws-test:sqs:xx-test-1:111122223333:mocked"
    url = "https://sqs.test/111122223333/mocked"
  }
}

mock_resource "aws_iam_role" {
  override_during = plan
  defaults        = { arn = "arn:aws-test:iam::111122223333:role/mocked" }
}

mock_resource "aws_lambda_layer_version" {
  override_during = plan
  defaults        = { arn = "arn:aws-test:lambda:xx-test-1:111122223333:layer:mocked:1" }
}

mock_resource "aws_lambda_function" {
  override_during = plan
  defaults        = { arn = "arn:aws-test:lambda:xx-test-1:111122223333:function:mocked" }
}
