"""The pages of a blinded review, on loopback only: a chart as it was known, the card, and three answers."""
