"""The governance page: what clinicians did with the cards, for those who answer for the service."""
