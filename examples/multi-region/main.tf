provider "aws" {
  region = "us-east-1"
}

provider "aws" {
  alias  = "oregon"
  region = "us-west-2"
}

module "table_sync_virginia" {
  source = "../.."
}

module "table_sync_oregon" {
  source = "../.."

  providers = { aws = aws.oregon }
}
