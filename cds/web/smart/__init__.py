"""The pages of the SMART app "Ask the patient: one minute"."""
