output "table_sync" {
  description = "All outputs of the module."
  value       = module.table_sync
}
