"""The SMART app "Ask the patient": launch, sign-in, answers and their storing, free of pages (SMART App Launch 2.2)."""
