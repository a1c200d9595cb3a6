variable "region" {
  description = "Region of the tables, in both accounts."
  type        = string
  default     = "eu-west-1"
}

variable "recovery_role_arn" {
  description = "ARN of a role in the recovery account that Terraform may assume and that may create these resources."
  type        = string
}

variable "name" {
  description = "Name of the module's instance in both accounts, and prefix of the bucket's name: at most 24 lower-case letters, digits and hyphens."
  type        = string
  default     = "dynamodb-pitr-table-sync"
}
