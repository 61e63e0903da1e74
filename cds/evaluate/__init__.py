"""`twitch-cds evaluate`: the cards that charts on file would bring."""
