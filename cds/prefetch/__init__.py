"""Prefetch: what was supplied, what is known to be empty, what failed, what is absent."""
