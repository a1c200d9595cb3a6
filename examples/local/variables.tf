variable "endpoint" {
  description = "URL of the AWS emulator, such as http://127.0.0.1:5000."
  type        = string
}

variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "name" {
  description = "Prefix of every resource's name."
  type        = string
  default     = "dynamodb-pitr-table-sync"
}
