resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:How long is an input, log_retention_in_days
  count = var.create ? 1 : 0

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_in_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_cloudwatch_metric_alarm" "dlq" {
  count = var.create ? 1 : 0

  alarm_name          = "${var.name}-dlq-not-empty"
  alarm_description   = "A restored table lacks settings: the messages in ${var.name}-dlq say which and why."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dlq[0].name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

# Messages that the function never answers come back so seldom that they may expire before max_attempts is reached.
resource "aws_cloudwatch_metric_alarm" "errors" {
  count = var.create ? 1 : 0

  alarm_name          = "${var.name}-errors"
  alarm_description   = "Restored tables wait for their settings: ${var.name} crashed, timed out or could not start."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this[0].function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
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
