"""What only the queue needs: messages, the events in them, retries, and the events of outcomes."""
