"""The audit: one line for each call, chained so that none can be altered or taken away unseen."""
