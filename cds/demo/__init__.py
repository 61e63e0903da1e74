"""Demo mode: fictional charts with a FHIR server, a sign-in and an EHR to try the cards in. Never in production."""
