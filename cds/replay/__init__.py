"""`twitch-cds replay`: the cards that clinicians would have seen, on an export of the hospital's own charts."""
