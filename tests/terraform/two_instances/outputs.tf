output "first" {
  description = "All outputs of the first instance."
  value       = module.first
}

output "second" {
  description = "All outputs of the second instance."
  value       = module.second
}
