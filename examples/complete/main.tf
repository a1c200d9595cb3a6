provider "aws" {
  region = var.region
}

locals {
  name      = "restored-tables"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # By name: the module needs the key before it has the log groups.
  log_group_arns = [
    for name in [local.name, "${local.name}-recorder"] :
    "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:/aws/lambda/${name}"
  ]
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "table_sync" {
  source = "../.."

  create = true
  name   = local.name
  tags   = { team = "data-platform" }

  # Restores of production tables, those for tests aside.
  restore_types  = ["point_in_time", "backup", "aws_backup"]
  include_tables = ["prod-*"]
  exclude_tables = ["*-test", "awsbackup-restore-test-*"]

  # People check restored tables first, so nothing reacts to them or deletes from them. The other settings keep
  # their defaults, which are in the module's README.
  enable_kinesis_settings        = false
  enable_dynamodb_lambda_trigger = false
  enable_ttl_settings            = false

  # Used only with the trigger on.
  create_triggers_disabled          = true
  event_source_mapping_kms_key_arns = var.event_source_mapping_kms_key_arns

  enable_outcome_events = true
  event_bus_arn         = aws_cloudwatch_event_bus.this.arn

  # The settings of all tables are recorded twice a day, for restores whose source is gone.
  enable_records         = true
  records_bucket         = var.records_bucket
  records_schedule       = "rate(12 hours)"
  records_retention_days = 400
  records_force_destroy  = false
  event_history_schedule = "rate(10 minutes)"

  # Restores of large tables: attempts for at least 42 hours, at most five minutes apart.
  initial_delay_seconds     = 120
  backoff_base_seconds      = 30
  backoff_rate              = 2
  backoff_max_delay_seconds = 300
  max_attempts              = 600
  message_retention_seconds = 1209600

  runtime                        = "python3.13"
  architecture                   = "arm64"
  memory_size                    = 256
  timeout                        = 180
  maximum_concurrency            = 5
  reserved_concurrent_executions = var.reserved_concurrent_executions
  vpc_config                     = var.vpc_config
  permissions_boundary           = var.permissions_boundary

  package_s3           = var.package_s3
  powertools_layer_arn = var.powertools_layer_arn

  log_level             = "INFO"
  log_retention_in_days = 90
  tracing_mode          = "Active"
  alarm_actions         = [aws_sns_topic.alarms.arn]
  create_dashboard      = true
  kms_key_arn           = aws_kms_key.this.arn
  previous_kms_key_arns = var.previous_kms_key_arns
}

# Restores that failed are told to a topic.

resource "aws_cloudwatch_event_bus" "this" {
  name = local.name
}

resource "aws_cloudwatch_event_rule" "failed" {
  name           = "${local.name}-failed"
  event_bus_name = aws_cloudwatch_event_bus.this.name
  event_pattern = jsonencode({
    source      = ["dynamodb-pitr-table-sync"]
    detail-type = ["Table Sync Outcome"]
    detail      = { outcome = ["failed"] }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule           = aws_cloudwatch_event_rule.failed.name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  arn            = aws_sns_topic.failed.arn

  input_transformer {
    input_paths    = { table = "$.detail.target", reason = "$.detail.reason" }
    input_template = "{\"table\": <table>, \"reason\": <reason>}"
  }
}

resource "aws_sns_topic" "failed" {
  name              = "${local.name}-failed"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_policy" "failed" {
  arn = aws_sns_topic.failed.arn
  policy = jsonencode({
    Version = "2012-10-17"
    # EventBridge takes no condition in a topic's policy (its user guide, Amazon SNS permissions).
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.failed.arn
    }]
  })
}

resource "aws_sns_topic" "alarms" {
  name              = "${local.name}-alarms"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_kms_key" "this" {
  description         = "Queues, logs and environment of ${local.name}, and its topics"
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
        Sid       = "EventsToQueuesAndTopic"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
      },
      {
        Sid       = "AlarmsToTheTopic"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = local.log_group_arns } }
      },
    ]
  })
}
