provider "aws" { region = "eu-west-1" }

module "table_sync" {
  source = "../.."
}
