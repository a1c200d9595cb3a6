output "dlq_urls" {
  description = "URLs of the dead-letter queues, by Region."
  value = {
    us-east-1 = module.table_sync_virginia.dlq_url
    us-west-2 = module.table_sync_oregon.dlq_url
  }
}

output "function_arns" {
  description = "ARNs of the functions, by Region."
  value = {
    us-east-1 = module.table_sync_virginia.function_arn
    us-west-2 = module.table_sync_oregon.function_arn
  }
}

output "records_bucket" {
  description = "Name of the bucket of records of both Regions, in us-west-2."
  value       = module.table_sync_oregon.records_bucket
}
