output "dlq_url" {
  description = "URL of the dead-letter queue: read it when its alarm goes off."
  value       = module.table_sync.dlq_url
}
