"""Whether a patient has died."""

from datetime import date

from cds.chart.scope import Scope
from cds.fhir.dates import parse
from cds.fhir.resources import Patient

FIRST_DEATH = date(1900, 1, 1).toordinal()  # an earlier one is the null date of some system


def has_died(patient: Patient, scope: Scope) -> bool:
    """Said so, or dated; a date that lies ahead, before the birth or before 1900 is a mistake (4e step 1)."""
    died, born = parse(patient.deceased_date_time), parse(patient.birth_date)
    if patient.deceased_boolean is True or died is None:
        return patient.deceased_boolean is True
    return not scope.is_future(died) and died.last >= max(FIRST_DEATH, born.first if born else 0)
