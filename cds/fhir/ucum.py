"""Any UCUM unit, read by pint and ucumvert. Importing this costs most of a second: only `cds.fhir.units` does, late."""

import math

from lark.exceptions import LarkError
from pint.errors import PintError
from ucumvert import PintUcumRegistry

from cds.fhir.unit_table import Size

_REGISTRY = PintUcumRegistry()
_FAILURES = (LarkError, PintError, AttributeError, ValueError, KeyError, ZeroDivisionError, TypeError)


def size(unit: str) -> Size | None:
    """None for what is not a UCUM unit, or has an offset or a logarithm."""
    try:
        quantity = _REGISTRY.from_ucum(unit)
        base = (1 * quantity).to_base_units()
    except OverflowError:
        return Size(math.inf, {})
    except _FAILURES:
        return None
    return Size(float(base.magnitude), {name.strip("[]"): power for name, power in base.dimensionality.items()})
