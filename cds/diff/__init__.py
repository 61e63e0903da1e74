"""What another version or other knowledge would change: the same charts through both, compared card by card."""
