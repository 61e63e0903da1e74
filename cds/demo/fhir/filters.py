"""Does a resource match? One filter per search parameter that was sent: its alternatives are OR, filters are AND."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from cds.demo.fhir.answers import Refused
from cds.demo.fhir.charts import Resource
from cds.demo.fhir.moments import DateTest, Span, date_test, span_in
from cds.demo.fhir.parameters import Parameter
from cds.fhir.references import parts

Filter: TypeAlias = Callable[[Resource], bool]
Coded: TypeAlias = tuple[str | None, str | None]

# Dates and strings are compared one by one, so their number is bounded; codes and references are looked up.
MAX_ALTERNATIVES: Final = 20
_ANY_SYSTEM: Final = ""
_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_REFERENCE: Final = re.compile(rf"(?:[A-Z][A-Za-z]+/)?{_ID}|(?:https?|urn):[^\s{{}}]+")
_ESCAPED: Final = re.compile(r"\\([\\,|$])")


class SentParameter(NamedTuple):
    """One search parameter as sent: its name, the type it was narrowed to (`subject:Patient`), and its value."""

    name: str
    narrowed: str | None
    value: str


def make_filter(parameter: Parameter, sent: SentParameter, base: str) -> Filter:
    """Turn a parameter into a test of resources; a value that cannot be read is refused."""
    alternatives = [text for text in split(sent.value, ",") if text.strip()]
    if not alternatives:
        raise Refused(400, "invalid", f"{sent.name} has no value. Give one, or leave the parameter out.")
    if parameter.kind in ("date", "string") and len(alternatives) > MAX_ALTERNATIVES:
        raise Refused(400, "too-costly", f"{sent.name} has more than {MAX_ALTERNATIVES} alternatives. Send fewer.")
    match parameter.kind:
        case "token":
            return _token_filter(parameter, sent.name, alternatives)
        case "reference":
            return _reference_filter(parameter, sent, alternatives, base)
        case "date":
            return _date_filter(parameter, sent.name, alternatives)
        case _:
            return _string_filter(parameter, alternatives)


def split(text: str, mark: str) -> list[str]:
    """Cut at each mark that no backslash escapes; the escapes stay for the next cut."""
    pieces, start = [], 0
    for match in re.finditer(rf"\\.|{re.escape(mark)}", text, re.DOTALL):
        if match[0] == mark:
            pieces.append(text[start : match.start()])
            start = match.end()
    return [*pieces, text[start:]]


def values(resource: Resource, parameter: Parameter) -> Iterator[Any]:
    """Walk to every value that a parameter looks at."""
    for path in parameter.paths:
        nodes: list[Any] = [resource]
        for name in path.split("."):
            nodes = [item for node in nodes if isinstance(node, dict) for item in _listed(node.get(name))]
        yield from nodes


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return [item for item in value if item is not None] if isinstance(value, list) else [value]


def _token_filter(parameter: Parameter, name: str, alternatives: list[str]) -> Filter:
    """Match codes: `code`, `system|code`, `|code` (no system) or `system|` (any code)."""
    exact: set[Coded] = set()
    bare: set[str] = set()
    systems: set[str] = set()
    for text in alternatives:
        system, *segments = (_plain(part) for part in split(text, "|"))
        code = "|".join(segments)
        if not segments:
            bare.add(system)
        elif code:
            exact.add((system or None, code))
        elif system:
            systems.add(system)
        else:
            raise Refused(400, "invalid", f"{name} has a value without system and code. Write system|code.")
    codes = bare | {code for _, code in exact}

    def holds(token: Coded) -> bool:
        system, code = token
        if system == _ANY_SYSTEM:
            return code in codes
        return code in bare or token in exact or system in systems

    return lambda resource: any(holds(token) for token in codes_of(resource, parameter))


def codes_of(resource: Resource, parameter: Parameter) -> Iterator[Coded]:
    """Read the codes of CodeableConcept, Coding, Identifier, and of plain codes, whose element implies the system."""
    for value in values(resource, parameter):
        if not isinstance(value, dict):
            yield _ANY_SYSTEM, str(value).lower() if isinstance(value, bool) else str(value)
            continue
        for coding in value.get("coding", [value]):
            yield coding.get("system"), coding.get("code", coding.get("value"))


def _reference_filter(parameter: Parameter, sent: SentParameter, alternatives: list[str], base: str) -> Filter:
    """Match references: a bare id, `Type/id`, or a URL; `patient=…` finds patients only."""
    target = sent.narrowed or parameter.target
    references, idents = set(), set()
    for text in (local(_plain(text), base) for text in alternatives):
        if not _REFERENCE.fullmatch(text):
            raise Refused(400, "invalid", f"{sent.name} holds no reference. Send an id, Type/id or a URL.")
        if "/" in text or ":" in text:
            references.add(text)
        else:
            idents.add(text)

    def holds(reference: str) -> bool:
        kind, ident = parts(reference)
        if kind and target and kind != target:
            return False
        return reference in references or (ident in idents and reference in (ident, f"{kind}/{ident}"))

    return lambda resource: any(holds(reference) for reference in references_of(resource, parameter, base))


def references_of(resource: Resource, parameter: Parameter, base: str) -> Iterator[str]:
    """Read the references, those to this server as `Type/id`."""
    for value in values(resource, parameter):
        if isinstance(value, dict) and isinstance(value.get("reference"), str):
            yield local(value["reference"], base)


def local(reference: str, base: str) -> str:
    """Write a reference to this server as `Type/id`, without base and version."""
    return reference.removeprefix(f"{base}/").partition("/_history/")[0]


def _date_filter(parameter: Parameter, name: str, alternatives: list[str]) -> Filter:
    tests = [_date_test(name, text) for text in alternatives]
    return lambda resource: any(test.holds(span) for span in spans_of(resource, parameter) for test in tests)


def _date_test(name: str, text: str) -> DateTest:
    test = date_test(_plain(text))
    if test is None:
        raise Refused(
            400,
            "invalid",
            f"{name} has a value that is not a date. Write for example ge2026-01-31 or lt2026-01-31T08:00:00Z "
            "(in a query, + is %2B); prefixes are eq, ne, gt, lt, ge, le, sa, eb.",
        )
    return test


def spans_of(resource: Resource, parameter: Parameter) -> list[Span]:
    """Read the dates and periods."""
    return [span for value in values(resource, parameter) if (span := span_in(value))]


def _string_filter(parameter: Parameter, alternatives: list[str]) -> Filter:
    """Match the beginning of a string, whatever its case and accents."""
    beginnings = tuple(folded(_plain(text)) for text in alternatives)
    return lambda resource: any(folded(value).startswith(beginnings) for value in values(resource, parameter))


def folded(value: Any) -> str:
    """Take case and accents away."""
    letters = unicodedata.normalize("NFKD", str(value))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text.strip())
