"""How we know, and how we are reached."""
