################################################################################
# Records: the settings of every table in a versioned bucket, for restores whose source is gone
################################################################################

locals {
  records = var.create && var.enable_records

  recorder_name          = "${var.name}-recorder"
  recorder_queue_arn     = "${local.arn_prefix.sqs}:${local.recorder_name}"
  recorder_function_arn  = "${local.arn_prefix.lambda}:function:${local.recorder_name}"
  recorder_log_group_arn = "${local.arn_prefix.logs}:log-group:/aws/lambda/${local.recorder_name}"
  # A role's name has at most 64 characters, and the longest Region (us-isof-south-1) 15.
  recorder_role_name = (
    length("${local.recorder_name}-${local.region}") <= 64
    ? "${local.recorder_name}-${local.region}"
    : "${substr(var.name, 0, 29)}-${substr(sha256(var.name), 0, 8)}-recorder-${local.region}"
  )
  changes_rule_name = "${var.name}-changes"
  sweep_rule_name   = "${var.name}-sweep"

  creates_records_bucket = local.records && var.records_bucket == null
  # Bucket names are global and have at most 63 lower-case characters.
  own_records_bucket = join("-", [
    substr(lower(replace(var.name, "_", "-")), 0, 24), substr(sha256(var.name), 0, 8), local.account, local.region
  ])
  records_bucket     = var.records_bucket == null ? local.own_records_bucket : var.records_bucket
  records_bucket_arn = "arn:${local.partition}:s3:::${local.records_bucket}"

  # Lambda's longest: each part of a sweep begins with lists of the whole Region, so few parts are better.
  recorder_timeout = 900

  # Hours between two runs of a schedule. A cron expression runs on every day (variables.tf).
  schedule_rates = {
    for name, schedule in { sweep = var.records_schedule, event_history = var.event_history_schedule } :
    name => try(regex("^rate\\((?P<number>[0-9]+) (?P<unit>minute|hour|day)s?\\)$", schedule), null)
  }
  schedule_hours = {
    for name, rate in local.schedule_rates :
    name => rate == null ? 24 : rate.number * { minute = 1 / 60, hour = 1, day = 24 }[rate.unit]
  }
}

################################################################################
# Bucket
################################################################################

resource "aws_s3_bucket" "records" {
  # checkov:skip=CKV_AWS_18:Reads of settings are in CloudTrail's data events, where they are wanted
  # checkov:skip=CKV_AWS_144:A copy in another Region is a bucket there, records_bucket
  # checkov:skip=CKV_AWS_145:Which key encrypts it is an input, kms_key_arn
  # checkov:skip=CKV2_AWS_62:Nothing waits for new records
  count = local.creates_records_bucket ? 1 : 0

  bucket        = local.own_records_bucket
  force_destroy = var.records_force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_versioning" "records" {
  count = local.creates_records_bucket ? 1 : 0

  bucket = aws_s3_bucket.records[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "records" {
  count = local.creates_records_bucket ? 1 : 0

  bucket = aws_s3_bucket.records[0].id

  rule {
    bucket_key_enabled = var.kms_key_arn == null ? null : true

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "records" {
  count = local.creates_records_bucket ? 1 : 0

  bucket                  = aws_s3_bucket.records[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "records" {
  count = local.creates_records_bucket ? 1 : 0

  bucket = aws_s3_bucket.records[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyOverTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.records_bucket_arn, "${local.records_bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # S3 refuses two changes of a bucket's access at once.
  depends_on = [aws_s3_bucket_public_access_block.records]
}

resource "aws_s3_bucket_lifecycle_configuration" "records" {
  # checkov:skip=CKV_AWS_300:A record is written with one call
  count = local.creates_records_bucket ? 1 : 0

  bucket = aws_s3_bucket.records[0].id

  # The current version never expires: it is the last that is known of a table.
  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.records_retention_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.records]
}

################################################################################
# What is recorded when
################################################################################

locals {
  # Calls that change a setting. A restore may be the last chance to read its source: the rules of restores send here
  # too. What other calls change, such as those that delete an alarm, the next sweep records.
  change_events = {
    source      = ["aws.application-autoscaling", "aws.autoscaling", "aws.dynamodb", "aws.lambda", "aws.monitoring"]
    detail-type = ["AWS API Call via CloudTrail"]
    detail = {
      eventName = [
        "CreateTable",
        "DeleteResourcePolicy",
        "DeleteScalingPolicy",
        "DeleteScheduledAction",
        "DeleteTable",
        "DeregisterScalableTarget",
        "DisableKinesisStreamingDestination",
        "EnableKinesisStreamingDestination",
        "PutMetricAlarm",
        "PutResourcePolicy",
        "PutScalingPolicy",
        "PutScheduledAction",
        "RegisterScalableTarget",
        "TagResource",
        "UntagResource",
        "UpdateContinuousBackups",
        "UpdateContributorInsights",
        "UpdateKinesisStreamingDestination",
        "UpdateTable",
        "UpdateTimeToLive",
        # Lambda's names end in the version of its API.
        { prefix = "CreateEventSourceMapping" },
        { prefix = "DeleteEventSourceMapping" },
        { prefix = "UpdateEventSourceMapping" },
      ]
      errorCode = [{ exists = false }] # a call that failed has one
      # Auto scaling changes capacity alone, which a restore keeps.
      sourceIPAddress = [{ anything-but = "dynamodb.application-autoscaling.amazonaws.com" }]
    }
  }
}

resource "aws_cloudwatch_event_rule" "changes" {
  count = local.records ? 1 : 0

  name        = local.changes_rule_name
  description = "Changes of DynamoDB tables' settings"
  event_pattern = jsonencode(merge(local.change_events, {
    account = [local.account]
    region  = [local.region]
  }))
  tags = var.tags
}

resource "aws_cloudwatch_event_target" "changes" {
  count = local.records ? 1 : 0

  rule      = aws_cloudwatch_event_rule.changes[0].name
  target_id = "recorder"
  arn       = aws_sqs_queue.recorder[0].arn
}

resource "aws_cloudwatch_event_target" "restores" {
  for_each = { for type, rule in aws_cloudwatch_event_rule.this : type => rule if local.records }

  rule      = each.value.name
  target_id = "recorder"
  arn       = aws_sqs_queue.recorder[0].arn
}

resource "aws_cloudwatch_event_rule" "sweep" {
  count = local.records ? 1 : 0

  name                = local.sweep_rule_name
  description         = "Record the settings of all DynamoDB tables"
  schedule_expression = var.records_schedule
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "sweep" {
  count = local.records ? 1 : 0

  rule      = aws_cloudwatch_event_rule.sweep[0].name
  target_id = "recorder"
  arn       = aws_lambda_function.recorder[0].arn
  input     = jsonencode({ sweep = true })
}

resource "aws_lambda_permission" "sweep" {
  count = local.records ? 1 : 0

  statement_id  = "sweep"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.recorder[0].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.sweep[0].arn
}

################################################################################
# When the event history is queried
################################################################################

locals {
  event_history           = local.records && var.event_history_schedule != null
  event_history_rule_name = "${var.name}-event-history"
}

resource "aws_cloudwatch_event_rule" "event_history" {
  count = local.event_history ? 1 : 0

  name                = local.event_history_rule_name
  description         = "Query CloudTrail's event history for restores that no event has reported"
  schedule_expression = var.event_history_schedule
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "event_history" {
  count = local.event_history ? 1 : 0

  rule      = aws_cloudwatch_event_rule.event_history[0].name
  target_id = "recorder"
  arn       = aws_lambda_function.recorder[0].arn
  input     = jsonencode({ look_up = true })
}

resource "aws_lambda_permission" "event_history" {
  count = local.event_history ? 1 : 0

  statement_id  = "event-history"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.recorder[0].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.event_history[0].arn
}

################################################################################
# Recorder
################################################################################

# It needs no dead-letter queue: the next sweep repeats what was lost.
resource "aws_sqs_queue" "recorder" {
  count = local.records ? 1 : 0

  name                       = local.recorder_name
  message_retention_seconds  = 86400
  visibility_timeout_seconds = 6 * local.recorder_timeout
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  policy                     = local.queue_policies["recorder"]
  tags                       = var.tags
}

resource "aws_lambda_event_source_mapping" "recorder" {
  count = local.records ? 1 : 0

  event_source_arn        = aws_sqs_queue.recorder[0].arn
  function_name           = aws_lambda_function.recorder[0].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  scaling_config {
    # The fewest that Lambda allows: more would only be throttled by DynamoDB.
    maximum_concurrency = 2
  }

  # Lambda checks when it makes the mapping that the role may read the queue.
  depends_on = [aws_iam_role_policy.recorder]
}

resource "aws_lambda_function" "recorder" {
  # checkov:skip=CKV_AWS_115:The event source mapping limits its concurrency
  # checkov:skip=CKV_AWS_116:The next sweep repeats what was lost
  # checkov:skip=CKV_AWS_272:The package is in the repository, and its hash in the plan
  count = local.records ? 1 : 0

  function_name = local.recorder_name
  description   = "Records the settings of DynamoDB tables, for restores whose source is gone"
  role          = aws_iam_role.recorder[0].arn

  filename          = var.package_s3 == null ? "${path.module}/lambda_src/dist/function.zip" : null
  source_code_hash  = var.package_s3 == null ? filebase64sha256("${path.module}/lambda_src/dist/function.zip") : null
  s3_bucket         = var.package_s3 == null ? null : var.package_s3.bucket
  s3_key            = var.package_s3 == null ? null : var.package_s3.function_key
  s3_object_version = var.package_s3 == null ? null : var.package_s3.function_object_version
  layers            = [local.layer_arn]

  handler       = "table_sync.recorder.lambda_handler"
  runtime       = var.runtime
  architectures = [var.architecture]
  memory_size   = 256
  timeout       = local.recorder_timeout
  kms_key_arn   = var.kms_key_arn
  tags          = var.tags

  environment {
    variables = merge(
      {
        RECORDS_BUCKET     = local.records_bucket
        RECORDER_QUEUE_URL = aws_sqs_queue.recorder[0].url
        QUEUE_URL          = aws_sqs_queue.this[0].url
        LOG_LEVEL          = var.log_level
      },
      # Which restores of the event history are processed.
      local.event_history ? {
        INCLUDE_TABLES = local.environment.INCLUDE_TABLES
        EXCLUDE_TABLES = local.environment.EXCLUDE_TABLES
        RESTORE_TYPES  = join(",", sort(var.restore_types))
      } : {},
    )
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.recorder[0].name
    # As in main.tf: the function sorts out its own lines.
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

  # With a VPC, Lambda checks when it makes the function that the role may attach network interfaces.
  depends_on = [aws_iam_role_policy.recorder]
}

resource "aws_cloudwatch_log_group" "recorder" {
  # checkov:skip=CKV_AWS_338:How long is an input, log_retention_in_days
  count = local.records ? 1 : 0

  name              = "/aws/lambda/${local.recorder_name}"
  retention_in_days = var.log_retention_in_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

################################################################################
# What the recorder and the function may do
################################################################################

resource "aws_iam_role" "recorder" {
  count = local.records ? 1 : 0

  name                 = local.recorder_role_name
  description          = "What the function ${local.recorder_name} in ${local.region} may do"
  permissions_boundary = var.permissions_boundary
  assume_role_policy   = local.assume_role_policy
  tags                 = var.tags
}

resource "aws_iam_role_policy" "recorder" {
  count = local.records ? 1 : 0

  name = "recorder"
  role = aws_iam_role.recorder[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.recorder_statements,
      [for statement in local.event_history_statements : statement if local.event_history],
      local.setting_read_statements,
      flatten([for grant in local.execution_grants["recorder"] : grant.statements if grant.when]),
    )
  })
}

locals {
  # It reads and records, and can neither change a table nor delete an object.
  recorder_statements = [
    {
      Sid      = "ListTables"
      Effect   = "Allow"
      Action   = ["dynamodb:ListTables"]
      Resource = "*"
    },
    {
      Sid      = "DescribeTables"
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeTable"]
      Resource = local.source_tables
    },
    {
      Sid      = "WriteRecords"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${local.records_bucket_arn}/settings/v1/${local.account}/*"
    },
    {
      Sid       = "ListRecords"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = local.records_bucket_arn
      Condition = { StringLike = { "s3:prefix" = "settings/v1/${local.account}/*" } }
    },
    {
      Sid    = "TakeMessages"
      Effect = "Allow"
      Action = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
      ]
      Resource = local.recorder_queue_arn
    },
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${local.recorder_log_group_arn}:*"
    },
  ]

  # The keys of restores are all that it sees of the archive.
  event_history_statements = [
    {
      Sid      = "QueryEventHistory"
      Effect   = "Allow"
      Action   = ["cloudtrail:LookupEvents"]
      Resource = "*"
    },
    {
      Sid       = "ListRestores"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = local.records_bucket_arn
      Condition = { StringLike = { "s3:prefix" = "restores/v1/${local.account}/${local.region}/*" } }
    },
    {
      Sid      = "RememberQueries"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${local.records_bucket_arn}/event_history/v1/${local.account}/${local.region}/${var.name}.json"
    },
    {
      Sid      = "SendRestores"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = local.queue_arn
    },
  ]

  # The function restores from records of any account that shares the bucket, and keeps reports of restores in it.
  records_statements = [
    {
      Sid      = "ReadRecords"
      Effect   = "Allow"
      Action   = ["s3:GetObjectVersion"]
      Resource = "${local.records_bucket_arn}/settings/*"
    },
    {
      Sid       = "ListRecords"
      Effect    = "Allow"
      Action    = ["s3:ListBucketVersions"]
      Resource  = local.records_bucket_arn
      Condition = { StringLike = { "s3:prefix" = "settings/*" } }
    },
    {
      Sid      = "WriteRestores"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${local.records_bucket_arn}/restores/v1/${local.account}/*"
    },
  ]
}

################################################################################
# Alarms
################################################################################

locals {
  all_records_alarms = {
    sweep-overdue = {
      when        = local.records
      description = "Restores whose source is gone may get outdated settings: ${local.recorder_name} has finished no sweep for two schedules."
      metric      = "SweepsFinished"
      comparison  = "LessThanThreshold"
      missing     = "breaching"
      hours       = 2 * local.schedule_hours["sweep"]
      datapoints  = 2 * local.schedule_hours["sweep"]
    }
    tables-not-recorded = {
      when        = local.records
      description = "Restores of some tables whose source is gone may get outdated settings: the log of ${local.recorder_name} says which tables and why."
      metric      = "TablesNotRecorded"
      comparison  = "GreaterThanOrEqualToThreshold"
      missing     = "notBreaching"
      hours       = local.schedule_hours["sweep"]
      datapoints  = 1
    }
    event-history-overdue = {
      when        = local.event_history
      description = "Restores that no event reports may not be processed: for two schedules ${local.recorder_name} has not queried the event history without an error."
      metric      = "EventHistoryQueried"
      comparison  = "LessThanThreshold"
      missing     = "breaching"
      hours       = max(1, ceil(2 * local.schedule_hours["event_history"]))
      datapoints  = max(1, ceil(2 * local.schedule_hours["event_history"]))
    }
  }
  records_alarms = { for name, alarm in local.all_records_alarms : name => alarm if alarm.when }
}

resource "aws_cloudwatch_metric_alarm" "records" {
  for_each = local.records_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "DynamoDBTableSync"
  metric_name         = each.value.metric
  statistic           = "Sum"
  dimensions          = { service = local.recorder_name }
  period              = 3600
  evaluation_periods  = each.value.hours
  datapoints_to_alarm = each.value.datapoints
  comparison_operator = each.value.comparison
  threshold           = 1
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
