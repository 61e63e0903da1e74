"""What the clinician reads: pure, and knows nothing of how it is reached."""
