data "aws_partition" "current" {
  count = var.create ? 1 : 0
}

data "aws_region" "current" {
  count = var.create ? 1 : 0
}

data "aws_caller_identity" "current" {
  count = var.create ? 1 : 0
}

locals {
  partition = var.create ? data.aws_partition.current[0].partition : ""
  # Version 6 of the provider deprecates `name`, version 5 has no `region`; both have the Region as `id`.
  region  = var.create ? data.aws_region.current[0].id : ""
  account = var.create ? data.aws_caller_identity.current[0].account_id : ""

  arn_prefix = {
    for service in [
      "application-autoscaling", "cloudwatch", "dynamodb", "events", "kinesis", "lambda", "logs", "sqs"
    ] : service => "arn:${local.partition}:${service}:${local.region}:${local.account}"
  }
  # A table may have been restored from another Region, but always into this one.
  any_region_arn_prefix = {
    for service in keys(local.arn_prefix) : service => "arn:${local.partition}:${service}:*:${local.account}"
  }

  rule_names = { for type in var.restore_types : type => "${var.name}-${replace(type, "_", "-")}" }

  # Made from names: a policy that took them from the resources would wait for each queue's creation (25 s).
  rule_arns     = [for name in values(local.rule_names) : "${local.arn_prefix.events}:rule/${name}"]
  queue_arn     = "${local.arn_prefix.sqs}:${var.name}"
  dlq_arn       = "${local.arn_prefix.sqs}:${var.name}-dlq"
  function_arn  = "${local.arn_prefix.lambda}:function:${var.name}"
  log_group_arn = "${local.arn_prefix.logs}:log-group:/aws/lambda/${var.name}"
  event_bus_arn = var.event_bus_arn == null ? "${local.arn_prefix.events}:event-bus/default" : var.event_bus_arn
}

################################################################################
# Rules
################################################################################

locals {
  # Other accounts and Regions may forward their events to this bus. Which tables are wanted, the function decides.
  event_patterns = {
    for type, pattern in local.restore_events : type => jsonencode(merge(pattern, {
      account = [local.account]
      region  = [local.region]
    }))
    if contains(var.restore_types, type)
  }
  restore_events = {
    point_in_time = {
      source      = ["aws.dynamodb"]
      detail-type = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["dynamodb.amazonaws.com"]
        eventName   = ["RestoreTableToPointInTime"]
        errorCode   = [{ exists = false }] # a call that failed has one
      }
    }
    backup = {
      source      = ["aws.dynamodb"]
      detail-type = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["dynamodb.amazonaws.com"]
        eventName   = ["RestoreTableFromBackup"]
        errorCode   = [{ exists = false }]
      }
    }
    aws_backup = {
      source      = ["aws.backup"]
      detail-type = ["Restore Job State Change"]
      detail = {
        # The second is of backups with AWS Backup's advanced features for DynamoDB.
        resourceType = ["DynamoDB", "DynamoDB.FullyManaged"]
        status       = ["COMPLETED"]
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = var.create ? local.event_patterns : {}

  name          = local.rule_names[each.key]
  description   = "Restores of DynamoDB tables: ${each.key}"
  event_pattern = each.value
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "queue" {
  for_each = aws_cloudwatch_event_rule.this

  rule      = each.value.name
  target_id = "queue"
  arn       = aws_sqs_queue.this[0].arn

  dead_letter_config {
    arn = aws_sqs_queue.dlq[0].arn
  }
}

################################################################################
# Queues
################################################################################

resource "aws_sqs_queue" "this" {
  count = var.create ? 1 : 0

  name                       = var.name
  delay_seconds              = var.initial_delay_seconds
  message_retention_seconds  = var.message_retention_seconds
  visibility_timeout_seconds = 6 * var.timeout # Lambda developer guide, Using Lambda with Amazon SQS
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  policy                     = local.queue_policies["queue"]
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dlq[0].arn
    maxReceiveCount     = var.max_attempts
  })
  tags = var.tags

  lifecycle {
    precondition {
      condition     = var.backoff_base_seconds <= var.backoff_max_delay_seconds
      error_message = "The backoff_base_seconds (${var.backoff_base_seconds}) may not exceed the backoff_max_delay_seconds (${var.backoff_max_delay_seconds}): lower the first or raise the second."
    }

    precondition {
      condition     = local.retries_seconds + local.attempts_seconds < var.message_retention_seconds
      error_message = "The retries take up to ${local.retries_seconds} s, and the attempts between them ${local.attempts_seconds} s, but SQS deletes a message after message_retention_seconds (${var.message_retention_seconds} s): lower max_attempts or backoff_max_delay_seconds, or raise message_retention_seconds (at most 1209600)."
    }
  }
}

resource "aws_sqs_queue" "dlq" {
  count = var.create ? 1 : 0

  name = "${var.name}-dlq"
  # The longest there is: a message keeps its age when it moves here.
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
  policy                    = local.queue_policies["dlq"]
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arn]
  })
  tags = var.tags
}

################################################################################
# Function
################################################################################

resource "aws_lambda_event_source_mapping" "queue" {
  count = var.create ? 1 : 0

  event_source_arn        = aws_sqs_queue.this[0].arn
  function_name           = aws_lambda_function.this[0].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }

  # Lambda checks when it makes the mapping that the role may read the queue.
  depends_on = [aws_iam_role_policy.this]
}

locals {
  environment = merge({ for toggle, setting in local.settings : upper(toggle) => tostring(setting.on) }, {
    CREATE_TRIGGERS_DISABLED  = tostring(var.create_triggers_disabled)
    INCLUDE_TABLES            = join(",", var.include_tables)
    EXCLUDE_TABLES            = join(",", var.exclude_tables)
    ENABLE_OUTCOME_EVENTS     = tostring(var.enable_outcome_events)
    EVENT_BUS_ARN             = local.event_bus_arn
    BACKOFF_BASE_SECONDS      = tostring(var.backoff_base_seconds)
    BACKOFF_RATE              = tostring(var.backoff_rate)
    BACKOFF_MAX_DELAY_SECONDS = tostring(var.backoff_max_delay_seconds)
    MAX_ATTEMPTS              = tostring(var.max_attempts)
    LOG_LEVEL                 = var.log_level
  }, var.enable_records ? { RECORDS_BUCKET = local.records_bucket } : {})
  # As Lambda measures it, in JSON (github-aws-runners/terraform-aws-github-runner#3594). The URLs are not known when
  # the plan is made: these are as long as the longest.
  environment_size = length(jsonencode(merge(local.environment, {
    for name, queue in { QUEUE_URL = var.name, DLQ_URL = "${var.name}-dlq" } :
    name => "https://sqs.${local.region}.amazonaws.com.cn/${local.account}/${queue}"
  })))
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116:The event source mapping's queue has the dead-letter queue
  # checkov:skip=CKV_AWS_272:The package is in the repository, and its hash in the plan
  count = var.create ? 1 : 0

  function_name = var.name
  description   = "Copies the settings that a restore loses to the restored DynamoDB table"
  role          = aws_iam_role.this[0].arn

  filename          = var.package_s3 == null ? "${path.module}/lambda_src/dist/function.zip" : null
  source_code_hash  = var.package_s3 == null ? filebase64sha256("${path.module}/lambda_src/dist/function.zip") : null
  s3_bucket         = var.package_s3 == null ? null : var.package_s3.bucket
  s3_key            = var.package_s3 == null ? null : var.package_s3.function_key
  s3_object_version = var.package_s3 == null ? null : var.package_s3.function_object_version
  layers            = [local.layer_arn]

  handler                        = "table_sync.handler.lambda_handler"
  runtime                        = var.runtime
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = var.timeout
  reserved_concurrent_executions = var.reserved_concurrent_executions
  kms_key_arn                    = var.kms_key_arn
  tags                           = var.tags

  environment {
    variables = merge(local.environment, {
      QUEUE_URL = aws_sqs_queue.this[0].url
      DLQ_URL   = aws_sqs_queue.dlq[0].url
    })
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this[0].name
    # The function sorts out its own lines. Lambda would drop metrics too, and at DEBUG let the SDK log its requests.
    application_log_level = "INFO"
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = var.tracing_mode
  }

  dynamic "vpc_config" {
    for_each = var.vpc_config[*]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = var.enable_dynamodb_stream_settings || !var.enable_dynamodb_lambda_trigger
      error_message = "The enable_dynamodb_lambda_trigger needs enable_dynamodb_stream_settings, because a trigger reads the table's stream: turn the stream settings on or the trigger off."
    }

    precondition {
      condition = (
        var.reserved_concurrent_executions < 1 || var.reserved_concurrent_executions >= var.maximum_concurrency
      )
      error_message = "The reserved_concurrent_executions (${var.reserved_concurrent_executions}) may not be below the maximum_concurrency (${var.maximum_concurrency}), because Lambda would throttle the further instances that the queue starts, and restores would wait: raise the first or lower the second."
    }

    precondition {
      condition     = local.environment_size <= 4096
      error_message = "The function's environment takes ${local.environment_size} bytes, and Lambda allows 4096. The include_tables take ${length(local.environment.INCLUDE_TABLES)} of them and the exclude_tables ${length(local.environment.EXCLUDE_TABLES)}: shorten these lists, for example with one name with an asterisk (prod-*) instead of several names."
    }

    precondition {
      condition     = !local.layer_from_s3 || var.powertools_layer_arn == null
      error_message = "The powertools_layer_arn and the layer_key of package_s3 both name a layer: leave one out."
    }

    precondition {
      condition     = try(split(":", var.powertools_layer_arn)[3], local.region) == local.region
      error_message = "The powertools_layer_arn (${coalesce(var.powertools_layer_arn, "null")}) must be of a layer in ${local.region}, the Region of the function: name one there, or leave it out."
    }

    precondition {
      condition     = try(split(":", var.event_bus_arn)[3], local.region) == local.region
      error_message = "The event_bus_arn (${coalesce(var.event_bus_arn, "null")}) must be of a bus in ${local.region}, the Region to which the function sends: name one there, and give it a rule whose target is the bus of the other Region."
    }
  }

  # With a VPC, Lambda checks when it makes the function that the role may attach network interfaces.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_lambda_layer_version" "powertools" {
  count = var.create && var.powertools_layer_arn == null ? 1 : 0

  layer_name        = "${var.name}-powertools"
  description       = "Powertools for AWS Lambda (Python)"
  filename          = local.layer_from_s3 ? null : "${path.module}/lambda_src/dist/layer.zip"
  source_code_hash  = local.layer_from_s3 ? null : filebase64sha256("${path.module}/lambda_src/dist/layer.zip")
  s3_bucket         = local.layer_from_s3 ? var.package_s3.bucket : null
  s3_key            = local.layer_from_s3 ? var.package_s3.layer_key : null
  s3_object_version = local.layer_from_s3 ? var.package_s3.layer_object_version : null

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  layer_from_s3 = var.package_s3 == null ? false : var.package_s3.layer_key != null
  layer_arn     = one(concat(aws_lambda_layer_version.powertools[*].arn, var.powertools_layer_arn[*]))
}
