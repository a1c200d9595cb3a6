"""The command `rehearse`: restore a table of its own, and watch the deployed module give its settings back."""
