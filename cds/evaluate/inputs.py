"""What a document is, told by its content, and the patients' results behind it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any as Anything

import msgspec
from msgspec import Struct

from cds.call import Engine
from cds.errors import CdsError, UsageError
from cds.evaluate import files
from cds.evaluate.bundles import deletions, pool_of
from cds.evaluate.files import Batch, Document, Problem, Remark
from cds.evaluate.known import request_at
from cds.evaluate.pool import FAILED, UNKNOWN, Pool
from cds.outcome import Outcome

LISTED = 3
CHART_HOOKS = frozenset({"patient-view", "encounter-start", "encounter-discharge"})
LOST = "the service failed on it; please report this"


class Head(Struct):
    """What distinguishes a request, a Bundle and a resource."""

    resourceType: Anything = None  # noqa: N815 - FHIR's name
    hook: Anything = None


class Context(Struct):
    """Whom a request is about."""

    patientId: str  # noqa: N815 - the name in CDS Hooks


class AskedRequest(Struct):
    """A request that has been answered."""

    context: Context


class Result(Struct, frozen=True):
    """The answer for one patient of one input."""

    input: str
    patient: str
    outcome: Outcome


class NoJsonError(UsageError):
    """A document that is not JSON: what it contained is unknown."""


Answer = Result | Problem | Remark


class InputEvaluation:
    """One batch: requests and Bundles are answered as they come, plain resources when all are read."""

    def __init__(self, engine: Engine, batch: Batch, hook: str = "patient-view", end: datetime | None = None) -> None:
        self._engine = engine
        self._end = end
        self._is_whole = hook in CHART_HOOKS
        self._batch = batch
        self._pool = Pool(engine, end=end)
        self._plain: set[str] = set()
        self._problems: dict[str, list[str]] = {}
        self._later = 0

    def answers(self) -> Iterator[Answer]:
        """All results, then one problem for each input that has some."""
        for path in self._batch.paths:
            yield from self._file(path)
        if self._plain:
            name = self._batch.name if len(self._plain) > 1 else min(self._plain)
            yield from self._results(name, _of_pool(name, self._pool))
        if later := self._later + self._pool.later:
            yield Remark(self._batch.name, f"{later} records of a later date were not seen")
        for name, problems in self._problems.items():
            yield Problem(name, _listed(problems))

    def _results(
        self, name: str, answers: Iterator[Answer], prefix: str = "", shares: bool = False
    ) -> Iterator[Answer]:
        """The results among some answers; the problems are kept. What `shares` may have held part of any chart."""
        try:
            for answer in answers:
                if isinstance(answer, Problem):
                    self._keep(name, prefix + answer.text)
                else:
                    yield answer
        except CdsError as problem:
            if shares and isinstance(problem, NoJsonError):
                self._pool.unread.add(UNKNOWN, None)
            self._keep(name, prefix + problem.text)
        except Exception:  # noqa: BLE001 - one chart that we cannot handle must not cost the others
            self._pool.unread.add(UNKNOWN, None)
            self._keep(name, prefix + LOST)

    def _keep(self, name: str, text: str) -> None:
        self._problems.setdefault(name, []).append(text)

    def _file(self, path: str) -> Iterator[Answer]:
        name = files.shown(path)
        try:
            for document in files.documents(path):
                yield from self._document(name, document)
        except (OSError, UsageError) as problem:
            self._pool.unread.add(UNKNOWN, None)
            self._keep(name, files.reason(problem) if isinstance(problem, OSError) else problem.text)

    def _document(self, name: str, document: Document) -> Iterator[Answer]:
        place, prefix = name, ""
        if document.number is not None:
            place, prefix = f"{name}:{document.number}", f"{document.unit} {document.number}: "
        shares = document.number is not None or len(self._batch.paths) > 1
        return self._results(name, self._read(place, name, document), prefix, shares)

    def _read(self, place: str, name: str, document: Document) -> Iterator[Answer]:
        head = head_of(document.text)
        if head.hook is not None and head.resourceType is None:
            yield self._request(place, head.hook, document.text)
        elif not self._is_whole:
            raise UsageError("is a chart, but this hook needs drafts: give a whole CDS Hooks request")
        elif head.resourceType == "Bundle" and (deleted := deletions(document.text)) is not None:
            self._plain.add(name)
            for url in deleted:
                self._pool.delete(url)
        elif head.resourceType in ("Bundle", "Parameters"):
            pool = pool_of(self._engine, document.text, self._end)
            self._later += pool.later
            yield from _of_pool(place, pool)
        elif isinstance(head.resourceType, str) and head.resourceType:
            self._plain.add(name)
            self._pool.add(head.resourceType, document.text)
        else:
            raise UsageError("is not FHIR: it has neither `resourceType` nor `hook`")

    def _request(self, place: str, hook: object, text: bytes) -> Result:
        services = self._engine.services.values()
        service = next((candidate for candidate in services if candidate.hook == hook), None)
        if service is None:
            raise UsageError(f"the hook of this request is not offered; use {', '.join(sorted(hooks(self._engine)))}")
        if self._end is not None:
            self._engine.read(service.id, text)  # what is wrong with it is said of what was given
            text, later = request_at(text, self._end)
            self._later += later
        outcome = self._engine.call(service.id, text)
        return Result(place, msgspec.json.decode(text, type=AskedRequest).context.patientId, outcome)


def hooks(engine: Engine) -> set[str]:
    """The hooks that this version answers."""
    return {service.hook for service in engine.services.values()}


FORMATS = (  # what a file may be instead, told by how it begins, and the way out
    (b"<", "is XML or HTML, not JSON: ask the server for application/fhir+json, or convert it"),
    (b"PAR1", "is a Parquet file: export NDJSON, or convert it (DuckDB: COPY … TO 'out.ndjson')"),
    (b"\x1f\x8b", "is packed twice: unpack it once"),
    (b"SQLite format 3", "is an SQLite database, not JSON: export NDJSON from it"),
)


def head_of(text: bytes) -> Head:
    """What distinguishes a document; raises NoJsonError or UsageError for what is none."""
    if not text.strip():
        raise NoJsonError("is empty")
    if strange := next((message for start, message in FORMATS if text.lstrip().startswith(start)), None):
        raise NoJsonError(strange)
    if not (text.isascii() or _is_utf8(text)):
        raise NoJsonError("is not valid UTF-8")
    try:
        return msgspec.json.decode(text, type=Head)
    except RecursionError as problem:
        raise NoJsonError("is nested too deeply") from problem
    except msgspec.ValidationError as problem:
        if not files.is_whole(text):
            raise NoJsonError(_why_no_json(text, problem)) from problem
        raise UsageError("is not FHIR: it is not a JSON object") from problem
    except msgspec.DecodeError as problem:
        raise NoJsonError(_why_no_json(text, problem)) from problem


def _why_no_json(text: bytes, problem: msgspec.DecodeError) -> str:
    """What a text is that is not JSON, and how to proceed if possible."""
    if "truncated" in str(problem) or text.lstrip().startswith(b"["):
        return "is not valid JSON: it is cut off; export or download it again"
    first, _, second = text.partition(b"\n")
    if not first.lstrip().startswith((b"{", b"[")) and first.count(b",") == second.partition(b"\n")[0].count(b",") > 0:
        return "looks like CSV, not JSON: this command reads FHIR resources, Bundles, NDJSON and CDS Hooks requests"
    return "is not valid JSON"


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _of_pool(name: str, pool: Pool) -> Iterator[Answer]:
    unanswered: list[str] = []
    lost: list[str] = []
    for patient, outcome in pool.outcomes():
        if isinstance(outcome, Outcome):
            yield Result(name, patient, outcome)
        else:
            (lost if outcome is FAILED else unanswered).append(files.shown(patient))
    if lost:
        yield Problem(name, f"patient {_few(lost)}: {LOST}")
    if unanswered:
        why = "it is incomplete" if pool.truncated else "records that may say so could not be read"
        patients = _few(unanswered)
        yield Problem(name, f"whether the chart of {patients} shows muscle twitching cannot be determined: {why}")


def _few(names: list[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _listed(problems: list[str]) -> str:
    """The first few problems of a file, in one line."""
    more = len(problems) - LISTED
    return "; ".join(problems[:LISTED]) + (f"; and {more} more" if more > 0 else "")
