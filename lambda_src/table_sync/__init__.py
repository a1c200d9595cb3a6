"""Copies the settings that a restore loses to the restored DynamoDB table."""

__version__ = "0.1.0"
