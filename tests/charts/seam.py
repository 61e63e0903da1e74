"""The one place where whole charts meet the service: request bytes in, status and answer out."""

import json
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

from cds.call import Engine, build_engine
from cds.settings import load


@cache
def engine(today: date) -> Engine:
    """An engine whose clock stands at noon of that day."""
    return build_engine(load({"TWITCH_CDS_DEMO": "true"}), now=lambda: datetime.combine(today, time(12), UTC))


def evaluate(request: bytes, today: date) -> tuple[int, dict[str, Any]]:
    """The status and the decoded answer of one hook call, as of that day; its hook names the service."""
    status, body = engine(today).answer(f"muscle-twitch-{json.loads(request)['hook']}", request)
    return status, json.loads(body)
