"""The command `table-sync`: what the function does, started by hand, and the way back into Terraform."""
