"""A site's own codes and units: read from a folder, checked against the knowledge, and laid over it at start."""
