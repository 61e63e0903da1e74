"""Logs: one line of JSON each, to stderr. Of an exception: type and place, never the message (it may quote a chart)."""

import logging
from datetime import UTC, datetime
from logging.config import dictConfig
from traceback import extract_tb
from types import TracebackType
from typing import Any

from msgspec import json


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level and message, then the fields that the caller gave."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line |= {"error": record.exc_info[0].__name__, "at": _places(record.exc_info[2])}
        return json.encode(line, enc_hook=str).decode()


def _places(trace: TracebackType | None) -> list[str]:
    """The way to the failure: file, line and function."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(trace)]


def configure(level: str) -> None:
    """Log like this from now on; what is said before the server runs is said in the same form."""
    dictConfig(log_config(level))


def log_config(level: str) -> dict[str, Any]:
    """The configuration for the whole process; uvicorn's own access lines stay off."""
    quiet = "warning" if level == "info" else level
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "cds.web.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "uvicorn": {"level": quiet.upper()},
            "uvicorn.access": {"level": "CRITICAL"},
            "alembic": {"level": "WARNING"},
        },
    }
