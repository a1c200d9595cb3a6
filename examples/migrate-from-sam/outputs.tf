output "function_name" {
  description = "Name of the function, to invoke for a table by hand."
  value       = module.table_sync.function_name
}

output "log_group_name" {
  description = "Name of the function's log group, where each restore is reported."
  value       = module.table_sync.log_group_name
}

output "rule_names" {
  description = "Names of the rules, by restore type: whether restores to a point in time are among them."
  value       = module.table_sync.rule_names
}

output "dlq_url" {
  description = "URL of the dead-letter queue: read it when its alarm goes off."
  value       = module.table_sync.dlq_url
}
