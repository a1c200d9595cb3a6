provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

module "first" {
  source = "../../.."

  name = "first"
}

module "second" {
  source = "../../.."

  name                           = "second"
  enable_dynamodb_lambda_trigger = false
  max_attempts                   = 5
  create_dashboard               = true
}
