output "records_bucket" {
  description = "Name of the bucket of records, in the recovery account."
  value       = aws_s3_bucket.records.bucket
}

output "function_arns" {
  description = "ARNs of the functions, by account: production and recovery."
  value = {
    production = module.production.function_arn
    recovery   = module.recovery.function_arn
  }
}

output "dlq_urls" {
  description = "URLs of the dead-letter queues, by account: production and recovery."
  value = {
    production = module.production.dlq_url
    recovery   = module.recovery.dlq_url
  }
}
