resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:How long is an input, log_retention_in_days
  count = var.create ? 1 : 0

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_in_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags

  lifecycle {
    precondition {
      condition     = try(split(":", var.kms_key_arn)[3], local.region) == local.region
      error_message = "The kms_key_arn (${coalesce(var.kms_key_arn, "null")}) must be of a key in ${local.region}, the Region of the queues, the function and the log group: name one there, such as the replica of a multi-Region key."
    }
  }
}

locals {
  # The ARNs of some services have no Region.
  alarm_actions_elsewhere = [
    for arn in var.alarm_actions : arn if !contains(["", local.region], try(split(":", arn)[3], ""))
  ]

  # Each goes off at one, in `datapoints` of the latest `periods`.
  alarms = merge(
    {
      dlq-not-empty = {
        description = "A restored table lacks settings. The messages in ${var.name}-dlq say which and why."
        metric      = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"]
        dimensions  = { QueueName = "${var.name}-dlq" }
        seconds     = 60
        periods     = 1
        datapoints  = 1
      }
      # An error counts for the minute in which its run began, which may be as long ago as the longest timeout.
      errors = {
        description = "Restored tables wait for their settings, because the function ${var.name} crashed or timed out."
        metric      = ["AWS/Lambda", "Errors", "Sum"]
        dimensions  = { FunctionName = var.name }
        seconds     = 300
        periods     = 4
        datapoints  = 1
      }
      unanswered = {
        description = "Restored tables wait for their settings, because the function ${var.name} could not finish messages. Its log says why."
        metric      = ["DynamoDBTableSync", "Unanswered", "Sum"]
        dimensions  = { service = var.name }
        seconds     = 300
        periods     = 1
        datapoints  = 1
      }
      throttles = {
        description = "Restored tables wait for their settings, because Lambda has no concurrency left for the function ${var.name}."
        metric      = ["AWS/Lambda", "Throttles", "Sum"]
        dimensions  = { FunctionName = var.name }
        seconds     = 300
        periods     = 3
        datapoints  = 3
      }
      not-received = {
        description = "Restored tables wait for their settings, because nothing receives the messages in the queue ${var.name}."
        metric      = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Minimum"]
        dimensions  = { QueueName = var.name }
        seconds     = 300
        periods     = 3
        datapoints  = 3
      }
    },
    {
      for type, name in local.rule_names : "lost-${replace(type, "_", "-")}" => {
        description = "Restores are not processed, because the rule ${name} could send their events to neither queue."
        metric      = ["AWS/Events", "InvocationsFailedToBeSentToDlq", "Sum"]
        dimensions  = { RuleName = name }
        seconds     = 300
        periods     = 1
        datapoints  = 1
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.create ? local.alarms : {}

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.metric[0]
  metric_name         = each.value.metric[1]
  statistic           = each.value.metric[2]
  dimensions          = each.value.dimensions
  period              = each.value.seconds
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.create && var.create_dashboard ? 1 : 0

  # Dashboards are global: the Region lets one name serve in several.
  dashboard_name = "${var.name}-${local.region}"
  dashboard_body = local.dashboard_body
}
