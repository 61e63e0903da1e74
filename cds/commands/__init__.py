"""The commands of `twitch-cds`: one file each says its options, its help and its examples, and calls what does it."""
