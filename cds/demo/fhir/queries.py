"""Read a search as it was sent: filters, order, page; the unknown is set aside and reported, or refused if strict."""

import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from cds.demo.fhir.answers import Refused
from cds.demo.fhir.filters import MAX_ALTERNATIVES, Filter, SentParameter, make_filter
from cds.demo.fhir.parameters import Parameter, Table, table_of

MAX_QUERY: Final = 64 * 1024
MAX_FIELDS: Final = 50
# One page holds a whole chart: test clients read the first page only.
MAX_COUNT: Final = 1000
PAGE: Final = "_page="
# A page token is a query in base64, four letters for three.
MAX_TOKEN: Final = MAX_QUERY * 4 // 3 + 100

_PAGE: Final = re.compile(r"(?:^|&)_page=([^&]*)")
_SAFE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:*-]{0,63}", re.ASCII)
_TYPE_NAME: Final = re.compile(r"[A-Z][A-Za-z]+", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_TOKEN: Final = re.compile(r"[0-9]{1,9}&.*", re.DOTALL)
_WHOLE_ANYWAY: Final = ("true", "text", "data")
_ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "_summary": ("false", "count", *_WHOLE_ANYWAY),
    "_total": ("none", "estimate", "accurate"),
}
_CONTROLS: Final = frozenset({"_sort", "_include", "_count", "_format", "_pretty", *_ONE_OF})


class SortKey(NamedTuple):
    """One key of `_sort`."""

    name: str
    parameter: Parameter
    descending: bool


class Include(NamedTuple):
    """One `_include`, such as `MedicationRequest:medication`."""

    text: str
    source: str
    parameter: Parameter
    target: str | None


@dataclass
class Query:
    """A search that can be run."""

    raw: str
    offset: int
    filters: list[Filter] = field(default_factory=list)
    sort: list[SortKey] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    count: int = MAX_COUNT
    count_only: bool = False
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def self_query(self) -> str:
        """Write what was understood, as `self` has to say."""
        return urlencode(self.used, safe=",:/") if self.offset == 0 else PAGE + self._token(self.offset)

    def next_query(self) -> str:
        """Write the query of the next page."""
        return PAGE + self._token(self.offset + self.count)

    def _token(self, offset: int) -> str:
        return urlsafe_b64encode(f"{offset}&{self.raw}".encode()).decode("ascii").rstrip("=")


def read_query(raw: bytes, table: Table, base: str, *, strict: bool) -> Query:
    """Read a query string or form; whatever cannot be understood safely is refused."""
    text, offset = _opened(raw)
    query = Query(text, offset)
    controls: dict[str, list[str]] = {}
    for name, value in _pairs(text):
        plain, _, modifier = name.partition(":")
        if plain in _CONTROLS:
            controls.setdefault(name, []).append(value)
        elif plain in table:
            parameter = SentParameter(plain, _narrowed(plain, modifier, table[plain]), value)
            query.filters.append(make_filter(table[plain], parameter, base))
            query.used.append((name, value))
        else:
            query.ignored.append(name)
    for name, sent in controls.items():
        _control(query, name, sent, table)
    query.ignored = _presentable(query.ignored)
    if strict and query.ignored:
        raise Refused(400, "not-supported", f"{ignored_text(query)} Leave it off, or ask without handling=strict.")
    return query


def _presentable(names: list[str]) -> list[str]:
    """Make names of parameters safe to repeat; values never are repeated."""
    return sorted({name if _SAFE_NAME.fullmatch(name) else "(unreadable)" for name in names})[:MAX_ALTERNATIVES]


def ignored_text(query: Query) -> str:
    """Say what was not used."""
    return f"Not supported here and ignored: {', '.join(query.ignored)}."


def _opened(raw: bytes) -> tuple[str, int]:
    """Open a page token, or take the query as it is."""
    try:
        text = raw.decode()
        page = _PAGE.search(text)
        if page is None:
            return text, 0
        token = page[1] + "=" * (-len(page[1]) % 4)
        text = b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise Refused(400, "invalid", "The query is not readable. Send it percent-encoded, in UTF-8.") from error
    if not _TOKEN.fullmatch(text):
        raise Refused(400, "invalid", "The page link is not one of ours. Follow the next link of a search as it is.")
    offset, _, text = text.partition("&")
    return text, int(offset)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError as error:
        raise Refused(400, "invalid", "The query is not readable. Send it percent-encoded, in UTF-8.") from error
    except ValueError as error:
        raise Refused(400, "too-costly", f"The query has more than {MAX_FIELDS} parameters. Send fewer.") from error


def _narrowed(name: str, modifier: str, parameter: Parameter) -> str | None:
    """Read the one modifier we know, a type after a reference; FHIR wants others refused: they change the meaning."""
    if not modifier:
        return None
    if parameter.kind == "reference" and _TYPE_NAME.fullmatch(modifier):
        return modifier
    raise Refused(400, "not-supported", f"The modifier sent with {name} is not supported. Send {name} without it.")


def _control(query: Query, name: str, sent: list[str], table: Table) -> None:
    """Read one of the parameters that shape the answer."""
    if name not in _CONTROLS:
        query.ignored.append(name)  # such as _include:iterate
    elif name == "_sort":
        _read_sort(query, ",".join(sent), table)
    elif name == "_include":
        _read_includes(query, ",".join(sent))
    elif len(sent) > 1:
        raise Refused(400, "invalid", f"{name} was sent more than once. Send it once.")
    elif name == "_count":
        _read_count(query, sent[0])
    elif name in _ONE_OF:
        _read_word(query, name, sent[0])


def _read_sort(query: Query, text: str, table: Table) -> None:
    for key in dict.fromkeys(text.split(",")):
        name = key.removeprefix("-")
        if name in table:
            query.sort.append(SortKey(name, table[name], key.startswith("-")))
        else:
            query.ignored.append(f"_sort:{name}")
    if query.sort:
        query.used.append(("_sort", ",".join("-" * order.descending + order.name for order in query.sort)))


def _read_includes(query: Query, text: str) -> None:
    keys = dict.fromkeys(text.split(","))
    if len(keys) > MAX_ALTERNATIVES:
        raise Refused(400, "too-costly", f"_include has more than {MAX_ALTERNATIVES} values. Send fewer.")
    for key in keys:
        source, name, target, *_ = [*key.split(":"), "", ""]
        parameter = table_of(source).get(name)
        if parameter is not None and parameter.kind == "reference":
            query.includes.append(Include(key, source, parameter, target or parameter.target))
            query.used.append(("_include", key))
        else:
            query.ignored.append(f"_include:{key}")


def _read_count(query: Query, text: str) -> None:
    if not _COUNT.fullmatch(text):
        raise Refused(400, "invalid", f"_count is not a whole number. Send 0 to {MAX_COUNT}.")
    query.count = min(int(text), MAX_COUNT)
    query.count_only = query.count_only or query.count == 0
    query.used.append(("_count", str(query.count)))


def _read_word(query: Query, name: str, text: str) -> None:
    if text not in _ONE_OF[name]:
        raise Refused(400, "invalid", f"{name} has an unknown value. Send one of {', '.join(_ONE_OF[name])}.")
    if text in _WHOLE_ANYWAY:
        query.ignored.append(f"{name}:{text}")
        return
    query.count_only = query.count_only or text == "count"
    query.used.append((name, text))
