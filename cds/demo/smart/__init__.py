"""A small SMART launcher and authorization server before the demo FHIR server, for demo mode only."""
