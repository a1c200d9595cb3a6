variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "reserved_concurrent_executions" {
  description = "Concurrency reserved for the function, 5 or more, if the account's quota allows it; -1 for none."
  type        = number
  default     = -1
}

variable "vpc_config" {
  description = "Subnets and security groups for the function, if it must run in a VPC."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary, if the account requires one for roles."
  type        = string
  default     = null
}

variable "package_s3" {
  description = "Where a copy of the packages is in S3, if your organization does not allow deployment from a repository."
  type = object({
    bucket                  = string
    function_key            = string
    function_object_version = optional(string)
    layer_key               = optional(string)
    layer_object_version    = optional(string)
  })
  default = null
}

variable "powertools_layer_arn" {
  description = "ARN of a layer version with Powertools for AWS Lambda, if the module should not create one."
  type        = string
  default     = null
}

variable "event_source_mapping_kms_key_arns" {
  description = "ARNs of the KMS keys that encrypt the filters of Lambda triggers; used only with the triggers on."
  type        = list(string)
  default     = []
}

variable "previous_kms_key_arns" {
  description = "ARNs of the keys that encrypted the queues before, as long as messages from that time wait."
  type        = list(string)
  default     = []
}

variable "records_bucket" {
  description = "Name of an existing bucket for the records, such as one of another account; null for one of the module's."
  type        = string
  default     = null
}
