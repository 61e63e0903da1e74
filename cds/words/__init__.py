"""Hearing twitches and red flags in short texts (second edition, section 3)."""
