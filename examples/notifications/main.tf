provider "aws" {
  region = var.region
}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "table_sync" {
  source = "../.."

  name          = var.name
  alarm_actions = [aws_sns_topic.restores.arn]
}

# Each restore that is in sync or has failed is told to the topic.

resource "aws_cloudwatch_event_rule" "outcomes" {
  name        = "${var.name}-outcomes"
  description = "Restored tables that are in sync or have failed"
  event_pattern = jsonencode({
    source      = ["dynamodb-pitr-table-sync"]
    detail-type = ["Table Sync Outcome"]
    detail      = { outcome = ["in_sync", "failed"] }
  })
}

resource "aws_cloudwatch_event_target" "outcomes" {
  rule      = aws_cloudwatch_event_rule.outcomes.name
  target_id = "topic"
  arn       = aws_sns_topic.restores.arn

  input_transformer {
    input_paths    = { table = "$.detail.target", source = "$.detail.source", outcome = "$.detail.outcome" }
    input_template = "\"<table>, restored from <source>: <outcome>\""
  }
}

resource "aws_sns_topic" "restores" {
  name              = "${var.name}-restores"
  kms_master_key_id = aws_kms_key.restores.arn
}

resource "aws_sns_topic_policy" "restores" {
  arn = aws_sns_topic.restores.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # EventBridge takes no condition in a topic's policy (its user guide, Amazon SNS permissions).
      {
        Sid       = "Outcomes"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.restores.arn
      },
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.restores.arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = values(module.table_sync.alarm_arns) }
          StringEquals = { "aws:SourceAccount" = local.account }
        }
      },
    ]
  })
}

resource "aws_kms_key" "restores" {
  description         = "Topic ${var.name}-restores"
  enable_key_rotation = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Administration"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      # With a condition on source account or ARN, EventBridge reaches no encrypted topic (SNS developer guide).
      {
        Sid       = "Outcomes"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
      },
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}
