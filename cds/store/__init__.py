"""What is remembered between calls: which cards were shown, what clinicians answered, which tokens were used."""
