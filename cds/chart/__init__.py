"""What one patient's record says: facts with provenance."""
