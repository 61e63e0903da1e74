"""Reading FHIR: typed minimal resources, dates, quantities, bundles."""
