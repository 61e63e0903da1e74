"""The one place where whole charts meet the service: request bytes in, status and answer out."""

import importlib
import json
from datetime import date
from typing import Any


def evaluate(request: bytes, today: date) -> tuple[int, dict[str, Any]]:
    """The status and the decoded answer of one hook call, as of that day."""
    # ADAPT HERE: the only lines that know how the service is called.
    call = importlib.import_module("cds.call")
    status, body = call.evaluate(request, today=today)
    # END OF ADAPT
    return status, json.loads(body)
