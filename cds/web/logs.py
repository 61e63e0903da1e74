"""Logs: one line of JSON each, to stderr. Of an exception: type and place, never the message (it may quote a chart)."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.config import dictConfig
from traceback import extract_tb
from types import TracebackType
from typing import Any

from msgspec import json

_encoder = json.Encoder(enc_hook=str)


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
        return _encoder.encode(line).decode()


def _places(trace: TracebackType | None) -> list[str]:
    """The way to the failure: file, line and function."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(trace)]


def log_line(log: logging.Logger, level: int, event: str, fields: Mapping[str, object]) -> None:
    """Log what happens with every request; where in the code that is, nobody asks, and finding out costs the most."""
    record = logging.LogRecord(log.name, level, "", 0, event, (), None)
    record.fields = fields
    log.handle(record)


def configure(level: str) -> None:
    """Log like this from now on; what is said before the server runs is said in the same form."""
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False  # no line of ours tells them
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
