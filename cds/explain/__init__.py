"""Why the service spoke, and why it stayed silent."""
