output "rule_names" {
  description = "Names of the EventBridge rules, by restore type."
  value       = module.table_sync.rule_names
}

output "queue_url" {
  description = "URL of the queue."
  value       = module.table_sync.queue_url
}

output "dlq_url" {
  description = "URL of the dead-letter queue."
  value       = module.table_sync.dlq_url
}

output "function_name" {
  description = "Name of the function."
  value       = module.table_sync.function_name
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = module.table_sync.role_arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = module.table_sync.log_group_name
}
