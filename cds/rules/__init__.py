"""From facts to advice."""
