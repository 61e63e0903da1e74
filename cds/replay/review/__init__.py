"""`twitch-cds review`: charts of a replay as they were known, on pages of this machine, for two reviewers."""
