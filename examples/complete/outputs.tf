output "table_sync" {
  description = "All outputs of the module."
  value       = module.table_sync
}

output "alarm_topic_arn" {
  description = "ARN of the SNS topic that the alarms notify: subscribe to it."
  value       = aws_sns_topic.alarms.arn
}

output "failed_topic_arn" {
  description = "ARN of the SNS topic for restores that failed: subscribe to it."
  value       = aws_sns_topic.failed.arn
}
