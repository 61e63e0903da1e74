"""`twitch-cds recall`: how much of an export is understood, and what is not."""
