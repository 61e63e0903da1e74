"""A candidate beside the live service: the same charts, after the answer; what differs is counted, never shown."""
