variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "name" {
  description = "Name of the module's instance, and prefix of the names of the topic and the rule."
  type        = string
  default     = "dynamodb-pitr-table-sync"
}
