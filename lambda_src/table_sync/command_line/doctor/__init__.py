"""The command `doctor`: whether the deployed module can do its work in this account and Region."""
