"""The prefetch keys that discovery asked for in the first edition."""

FIRST_KEYS = frozenset(
    {
        *("patient", "conditions", "medicationRequests", "medicationStatements", "labs", "observations"),
        *("serviceRequests", "procedures", "diagnosticReports", "familyHistory", "encounters", "allergies"),
    }
)
