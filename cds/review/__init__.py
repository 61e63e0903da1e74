"""A blinded review: what two people judge of the cards and silences of a replay, each without the other's answers."""
