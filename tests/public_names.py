"""The names that others rely on, as the code has them now: `python tests/public_names.py` writes public_names.json.

They are not names of classes or functions, so renaming those must leave each of them as it was recorded.
"""

import ast
import asyncio
import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

import cards
import cds
from cds import errors
from cds.account import Account, Caller, FeedbackItem, Shown, Suppressed
from cds.commands.program import COMMANDS, Files, run
from cds.errors import CallError
from cds.hook_handler import Reply
from cds.settings import SETTINGS
from cds.store.schema import metadata
from cds.trust.refusal import KINDS, Refusal
from cds.web.metrics import Metrics
from cds.web.record import Call, Recorder

REPOSITORY = Path(__file__).parents[1]
RECORDED = Path(__file__).with_suffix(".json")
DATA_FOLDERS = ("cds/knowledge/data", "cards/wording")
NOT_IMPORTED = ("cds.__main__", "cds.store.migrations")


def public_names() -> dict[str, Any]:
    """All lists, each sorted."""
    return {
        "audit fields": audit_fields(),
        "commands": commands(),
        "data files": data_files(),
        "errors": answered_errors(),
        "exit codes": exit_codes(),
        "log events and fields": log_fields(),
        "metrics and labels": metric_labels(),
        "settings": sorted(setting.name for setting in SETTINGS),
        "struct fields read or written": struct_fields(),
        "tables and columns": tables(),
    }


def audit_fields() -> dict[str, list[str]]:
    """The fields of each kind of line, with those of its cards."""
    journal, at = _Lines(), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    recorder, caller = Recorder(Metrics("1"), journal, "1"), Caller(client="ehr", tenant="north")
    card = Shown(uuid="u", topic="t", indicator="i", fingerprint="f", is_emergency=True)
    for is_silent in (False, True):
        account = Account(
            hook="h",
            hook_instance="i",
            patient="p",
            user="u",
            cards=(card,),
            suppressed=(Suppressed(topic="t", fingerprint="f"),),
            not_checked=("Type:reason",),
            unread={"Type:reason": 1},
            withheld=(card,),
            is_silent=is_silent,
        )
        recorder.record(Call(caller, "s", Reply(200, b"{}", account, in_pilot=True), 0.1))
    recorder.started(("topic",))
    item = FeedbackItem(card="c", outcome="overridden", at=at, timestamp=at.isoformat(), reason_code="r")
    recorder.feedback(caller, "s", 200, (item,))
    asyncio.run(_refuse_often(recorder))
    fields: dict[str, set[str]] = {}
    for line in journal.lines:
        fields.setdefault(str(line["kind"]), set()).update(_paths(line))
    return {kind: sorted(names) for kind, names in sorted(fields.items())}


async def _refuse_often(recorder: Recorder) -> None:
    """More than are written one by one: the rest is told in one line at the end."""
    for _ in range(1000):
        recorder.refused(Refusal("header", "reason", client="ehr"), "/cds-services")
    recorder.ended()


class _Lines:
    """A journal that keeps its lines."""

    is_up = True

    def __init__(self) -> None:
        self.lines: list[Mapping[str, object]] = []

    def write(self, line: Mapping[str, object]) -> None:
        self.lines.append(line)


def _paths(line: Mapping[str, object]) -> Iterator[str]:
    """Each field, and those of the objects in it."""
    for name, value in line.items():
        yield name
        if isinstance(value, Sequence):
            yield from (f"{name}.{inner}" for entry in value if isinstance(entry, Mapping) for inner in entry)


def commands() -> dict[str, list[str]]:
    """Each command and subcommand with its options and arguments."""
    files = Files()
    return dict(sorted(pair for name in COMMANDS for pair in _with_parameters(name, files[name])))


def _with_parameters(name: str, command: click.Command) -> Iterator[tuple[str, list[str]]]:
    yield name, sorted(option for parameter in command.params for option in parameter.opts)
    for inner, child in getattr(command, "commands", {}).items():
        yield from _with_parameters(f"{name} {inner}", child)


def data_files() -> list[str]:
    """The files that hold knowledge and wording."""
    return sorted(
        path.relative_to(REPOSITORY).as_posix()
        for folder in DATA_FOLDERS
        for path in (REPOSITORY / folder).rglob("*.*")
        if path.suffix in {".toml", ".csv", ".json", ".txt"}
    )


def answered_errors() -> list[str]:
    """Status and code of everything that can be answered to a caller."""
    return sorted(
        {
            f"{error.status} {error.code}"
            for error in vars(errors).values()
            if isinstance(error, type) and issubclass(error, CallError) and hasattr(error, "status")
        }
    )


def exit_codes() -> dict[str, int]:
    """What a shell sees of the ways a command can end."""
    return {
        "good": run(["--version"]),
        "no such command": run(["no-such-command"]),
        "no such option": run(["evaluate", "--no-such-option"]),
        "input that cannot be used": run(["evaluate", "no-such-file.json"]),
        "no command": run([]),
        "clients that cannot be read": run(["clients", "check", "no-such-file.toml"]),
    }


def log_fields() -> dict[str, list[str]]:
    """Each event that is logged, with the fields that are written where it is logged."""
    events: dict[str, set[str]] = {}
    for package in ("cds", "cards"):
        for path in (REPOSITORY / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                for event, fields in _logged(node):
                    events.setdefault(event, set()).update(fields)
    return {event: sorted(fields) for event, fields in sorted(events.items())}


def _logged(node: ast.AST) -> Iterator[tuple[str, set[str]]]:
    """The event of one call of a logger and its fields; fields that are put together before count for no event."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value and any(isinstance(target, ast.Name) and target.id == "fields" for target in targets):
            yield "", _keys(node.value)
    elif isinstance(node, ast.Call):
        texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        keys = {key for word in node.keywords if word.arg == "extra" for key in _keys(word.value)}
        if "fields" in keys:
            yield (texts or [""])[0], keys - {"fields"}
        elif isinstance(node.func, ast.Name) and node.func.id == "log_line":
            yield (texts or [""])[0], set()


def _keys(value: ast.expr) -> set[str]:
    """The keys of each dictionary that is written there."""
    dicts = (part for part in ast.walk(value) if isinstance(part, ast.Dict))
    return {str(key.value) for part in dicts for key in part.keys if isinstance(key, ast.Constant)}


def metric_labels() -> dict[str, list[str]]:
    """Each sample of the metrics page with its labels."""
    metrics = Metrics("1")
    card = Shown(uuid="u", topic="t", indicator="i", fingerprint="f", is_emergency=True)
    metrics.record("ehr", "s", 200, (card,), 0.1, withheld=(card,))
    metrics.unchecked(["Type:reason"])
    metrics.unread("ehr", {"Type:reason": 1})
    metrics.fhir("ok", 1)
    metrics.store("event", 1)
    metrics.refused(next(iter(KINDS)))
    metrics.part_states({"audit": True})
    return {
        sample.name: sorted(sample.labels)
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def struct_fields() -> list[str]:
    """The names under which JSON and TOML are read and written, where they are not only our own."""
    for package in (cards, cds):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not module.name.startswith(NOT_IMPORTED):
                importlib.import_module(module.name)
    return sorted({name for struct in _below(Struct) if _is_public(struct) for name in struct.__struct_encode_fields__})


def _below(struct: type[Struct]) -> Iterator[type[Struct]]:
    for child in struct.__subclasses__():
        yield child
        yield from _below(child)


def _is_public(struct: type[Struct]) -> bool:
    """Whether its fields have names of their own outside, or others are refused; test modules do not count."""
    is_ours = struct.__module__.split(".")[0] in {"cards", "cds"}
    has_names = struct.__struct_fields__ != struct.__struct_encode_fields__
    return is_ours and (has_names or struct.__struct_config__.forbid_unknown_fields)


def tables() -> dict[str, list[str]]:
    """Each table of the database with its columns."""
    return {name: [column.name for column in table.columns] for name, table in sorted(metadata.tables.items())}


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(public_names(), indent=1, ensure_ascii=False) + "\n", "utf-8")
