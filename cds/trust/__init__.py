"""Who is calling: registered clients, their keys, the token of each call (CDS Hooks 2.0, Trusting CDS Clients)."""
