"""Whether a client can go live: what was counted, against the gates that a committee has written down."""
