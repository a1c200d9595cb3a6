output "rule_arns" {
  description = "ARNs of the EventBridge rules that match restores, by restore type."
  value       = var.create ? { for type, rule in aws_cloudwatch_event_rule.this : type => rule.arn } : null
}

output "rule_names" {
  description = "Names of the EventBridge rules, by restore type."
  value       = var.create ? { for type, rule in aws_cloudwatch_event_rule.this : type => rule.name } : null
}

output "queue_url" {
  description = "URL of the queue in which restores wait."
  value       = var.create ? aws_sqs_queue.this[0].url : null
}

output "queue_arn" {
  description = "ARN of the queue in which restores wait."
  value       = var.create ? aws_sqs_queue.this[0].arn : null
}

output "queue_name" {
  description = "Name of the queue in which restores wait, as in its CloudWatch metrics."
  value       = var.create ? aws_sqs_queue.this[0].name : null
}

output "dlq_url" {
  description = <<-EOT
    URL of the dead-letter queue. It holds restores whose table did not get all settings, and events that EventBridge
    could not deliver.
  EOT
  value       = var.create ? aws_sqs_queue.dlq[0].url : null
}

output "dlq_arn" {
  description = "ARN of the dead-letter queue, from which you can redrive messages."
  value       = var.create ? aws_sqs_queue.dlq[0].arn : null
}

output "dlq_name" {
  description = "Name of the dead-letter queue, as in its CloudWatch metrics."
  value       = var.create ? aws_sqs_queue.dlq[0].name : null
}

output "function_arn" {
  description = "ARN of the function. You can also invoke it with a source table and a target table."
  value       = var.create ? aws_lambda_function.this[0].arn : null
}

output "function_name" {
  description = "Name of the function."
  value       = var.create ? aws_lambda_function.this[0].function_name : null
}

output "event_source_mapping_id" {
  description = "UUID of the event source mapping from the queue to the function. Disable it to pause the module."
  value       = var.create ? aws_lambda_event_source_mapping.queue[0].uuid : null
}

output "role_arn" {
  description = "ARN of the function's role, for example for key policies."
  value       = var.create ? aws_iam_role.this[0].arn : null
}

output "role_name" {
  description = "Name of the function's role, for attaching more policies."
  value       = var.create ? aws_iam_role.this[0].name : null
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = var.create ? aws_cloudwatch_log_group.this[0].name : null
}

output "log_group_arn" {
  description = "ARN of the function's log group."
  value       = var.create ? aws_cloudwatch_log_group.this[0].arn : null
}

output "layer_arn" {
  description = "ARN of the layer version that the function uses: the module's own, or `powertools_layer_arn`."
  value       = var.create ? local.layer_arn : null
}

output "dlq_alarm_arn" {
  description = "ARN of the alarm that goes off when the dead-letter queue is not empty."
  value       = var.create ? aws_cloudwatch_metric_alarm.this["dlq-not-empty"].arn : null
}

output "alarm_arns" {
  description = <<-EOT
    ARNs of all alarms, by what their names have after `name-`: `dlq-not-empty`, `errors`, `unanswered`, `throttles`,
    `not-received`, for each rule `lost-point-in-time`, `lost-backup` or `lost-aws-backup`, and with `enable_records`
    `sweep-overdue`, `tables-not-recorded` and `event-history-overdue`.
  EOT
  value = var.create ? {
    for key, alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.records) : key => alarm.arn
  } : null

  # Not in the alarms, each of which would report it. CloudWatch answers "Invalid region" to PutMetricAlarm.
  precondition {
    condition     = !var.create || length(local.alarm_actions_elsewhere) == 0
    error_message = "The alarm_actions must be in ${local.region}, the Region of the alarms, and ${join(", ", local.alarm_actions_elsewhere)} is not: name an SNS topic there, whose subscriptions may be in another Region."
  }
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard; `null` without `create_dashboard`."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}

output "retry_window_seconds" {
  description = <<-EOT
    Minimum number of seconds from the arrival of a restore's event to the last attempt. It assumes the shortest delays
    that jitter makes, and leaves out the time that the attempts take. A restore that takes longer may reach the
    dead-letter queue.
  EOT
  value       = var.create ? local.retry_window_seconds : null
}

output "records_bucket" {
  description = "Name of the bucket of records: the module's own, or `records_bucket`; `null` without `enable_records`."
  value       = local.records ? local.records_bucket : null
}

output "recorder_function_name" {
  description = "Name of the function that records the tables' settings; `null` without `enable_records`."
  value       = one(aws_lambda_function.recorder[*].function_name)
}

output "recorder_function_arn" {
  description = "ARN of the function that records the tables' settings; `null` without `enable_records`."
  value       = one(aws_lambda_function.recorder[*].arn)
}

output "recorder_role_arn" {
  description = <<-EOT
    ARN of the recorder's role, for the policy of a bucket or key of another account; `null` without `enable_records`.
  EOT
  value       = one(aws_iam_role.recorder[*].arn)
}

output "recorder_role_name" {
  description = "Name of the recorder's role, to attach more policies to; `null` without `enable_records`."
  value       = one(aws_iam_role.recorder[*].name)
}

output "recorder_queue_url" {
  description = "URL of the queue of tables to record; `null` without `enable_records`."
  value       = one(aws_sqs_queue.recorder[*].url)
}

output "recorder_log_group_name" {
  description = "Name of the recorder's log group; `null` without `enable_records`."
  value       = one(aws_cloudwatch_log_group.recorder[*].name)
}
