"""Our own Questionnaire as FHIR resources."""
