"""Invented patients for the demo FHIR server and the playground; JSON files, written by make.py."""
