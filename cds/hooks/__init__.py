"""The CDS Hooks protocol: requests, prefetch, discovery."""
