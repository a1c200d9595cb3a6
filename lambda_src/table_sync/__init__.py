"""Gives a restored DynamoDB table back the settings that the restore dropped."""
