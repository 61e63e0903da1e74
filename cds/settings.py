"""Every setting of the service: one table, read once from the environment into one frozen object."""

import os
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from cds import setting_kinds as kinds
from cds.errors import SettingsError, reason_of
from cds.urls import is_private_on_the_way

PREFIX = "TWITCH_CDS_"
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the folder where workers share their numbers, as prometheus-client names it
DEMO_URL = "http://127.0.0.1:8000"
FILE = "_FILE"
FASTEST = 100_000
CLOSED = "closed"
SANDBOX_ORIGIN = "https://sandbox.cds-hooks.org"
T = TypeVar("T")


def environment() -> MutableMapping[str, str]:
    """The environment of this process: the one place that touches it."""
    return os.environ


class Setting(NamedTuple):
    """One row of the table, as the documentation prints it."""

    name: str
    kind: str
    default: str
    help: str
    secret: bool


def _row(
    default: T, kind: str, parse: Callable[[str], T], text: str, *, display: str | None = None, secret: bool = False
) -> T:
    """Describe one setting where its field stands, so that table and object cannot drift apart."""
    plain = str(default).lower() if display is None else display
    row: Any = field(
        default=default,
        repr=not secret,
        metadata={"kind": kind, "parse": parse, "help": text, "shown": plain, "secret": secret},
    )
    return row  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the service was started with."""

    demo: bool = _row(
        False,
        "boolean",
        kinds.boolean,
        "Demo mode: synthetic charts, no token needed and none trusted. Never with real patients.",
    )
    auth: str = _row(
        "required",
        "required or off",
        kinds.one_of("required", "off"),
        "Whether callers must authenticate. `off` is only possible in demo mode.",
        display="required (off in demo mode)",
    )
    clients: str = _row(
        "",
        "path",
        kinds.text,
        "The client file (TOML): who may call, with which keys. `twitch-cds clients check` checks it.",
        display="none: no caller is allowed",
    )
    golive: str = _row(
        "",
        "path",
        kinds.text,
        "The gates for going live (TOML): the governance page shows the verdict of `twitch-cds golive`.",
        display="none",
    )
    shadow: str = _row(
        "",
        "path",
        kinds.text,
        "A candidate, given the same chart after each response: a knowledge folder, or another version's Python.",
        display="none",
    )
    shadow_timeout_ms: int = _row(
        2000, "milliseconds", kinds.whole(10, 600_000), "A candidate that takes longer for one chart is ended."
    )
    shadow_memory_mb: int = _row(
        1024, "megabytes", kinds.whole(256, 2**16), "The memory (address space) that a candidate may use."
    )
    shadow_queue_bytes: int = _row(
        8 * 2**20,
        "bytes",
        kinds.whole(1024, 2**30),
        "The size of the queue of charts for the candidate; charts beyond it are dropped.",
    )
    token_seconds: int = _row(
        900,
        "seconds",
        kinds.whole(1, 86_400),
        "A caller's token that is valid for longer than this (`exp` - `iat`) is refused.",
    )
    clock_skew_seconds: int = _row(
        60,
        "seconds",
        kinds.whole(0, 600),
        "How far a caller's clock may be off when the times of its token are checked.",
    )
    token_reuse: str = _row(
        "open",
        "open or closed",
        kinds.one_of("open", CLOSED),
        "If the database cannot tell whether a token was used before: `open` answers calls, `closed` refuses (503).",
    )
    emergency_cards: bool = _row(
        True,
        "boolean",
        kinds.boolean,
        "Whether emergency cards are shown. If a site sets this to false, every card says so.",
    )
    host: str = _row("127.0.0.1", "text", kinds.text, "The address to listen on.")
    port: int = _row(8000, "whole number", kinds.whole(0, 65535), "The port to listen on; 0 means any free port.")
    workers: int = _row(1, "whole number", kinds.whole(1, 64), "The number of worker processes: one per core is best.")
    worker_timeout_seconds: int = _row(
        60,
        "seconds",
        kinds.whole(1, 3600),
        "A worker that gives no sign of life for this long, at its start or later, is ended and replaced.",
    )
    drain_seconds: int = _row(
        5,
        "seconds",
        kinds.whole(0, 300),
        "How long calls are still answered after SIGTERM while readiness says 503, so that a balancer notices.",
    )
    public_url: str = _row(
        DEMO_URL,
        "URL",
        kinds.base_url,
        "The https address under which clients reach the service: tokens are issued for it, cards link to it.",
        display="http://127.0.0.1:PORT; required as soon as there are clients",
    )
    allowed_origins: tuple[str, ...] = _row(
        (),
        "list of origins",
        kinds.origins,
        "Browser origins that may call (CORS). In demo mode loopback origins on any port may call too.",
        display=f"none (in demo mode {SANDBOX_ORIGIN})",
    )
    fhir_servers: tuple[str, ...] = _row(
        (),
        "list of URLs",
        kinds.base_urls,
        "FHIR base addresses that may be queried for what a client did not send. No other server is contacted.",
        display="none (in demo mode its own /demo/fhir)",
    )
    deadline_ms: int = _row(
        450,
        "milliseconds",
        kinds.whole(10, 60_000),
        "The time limit for one call; data that has not arrived by then is reported as not checked.",
    )
    fhir_concurrency: int = _row(
        16, "whole number", kinds.whole(1, 1000), "Concurrent requests to one FHIR server, from one worker."
    )
    fhir_max_pages: int = _row(
        5,
        "whole number",
        kinds.whole(1, 100),
        "How many pages of one search are read; the rest is reported as not checked.",
    )
    fhir_max_page_bytes: int = _row(
        4 * 2**20,
        "bytes",
        kinds.whole(1024, 2**28),
        "A larger response of a FHIR server is dropped and reported as not checked.",
    )
    data_dir: str = _row(
        "var",
        "path",
        kinds.text,
        "The folder of the embedded database, audit log, hash key and clients' public keys. Created if missing.",
    )
    database_url: str = _row(
        "",
        "URL",
        kinds.database_url,
        "Where shown cards and feedback are stored: sqlite:///path or postgresql://user:password@host/name.",
        display="sqlite:///DATA_DIR/twitch-cds.db",
        secret=True,
    )
    store_timeout_ms: int = _row(
        100,
        "milliseconds",
        kinds.whole(1, 10_000),
        "A call waits no longer than this for the database, then continues without it.",
    )
    retention_days: int = _row(
        730, "days", kinds.whole(1, 36_500), "Shown cards and feedback older than this are deleted."
    )
    keep_comments: bool = _row(
        False,
        "boolean",
        kinds.boolean,
        "Whether to store the comments that clinicians write in feedback. They may name patients.",
    )
    audit_file: str = _row(
        "", "path", kinds.text, "The audit log: one line per call, appended.", display="DATA_DIR/audit.jsonl"
    )
    hash_key: str = _row(
        "",
        "text",
        kinds.key,
        "The key for the hashes of patients, users and the audit chain. It must be the same on all machines.",
        display="generated once, stored in DATA_DIR/hash.key",
        secret=True,
    )
    governance_token: str = _row(
        "",
        "text",
        kinds.key,
        "The credential for /governance, as Basic password (any name) or Bearer token. In demo mode the page is open.",
        display="none: the page does not exist",
        secret=True,
    )
    time_zone: str = _row(
        "",
        "time zone",
        kinds.zone,
        "The site's time zone: it decides which day is today. Without it, a start outside demo mode logs a warning.",
        display="UTC",
    )
    max_body_bytes: int = _row(16 * 2**20, "bytes", kinds.whole(1024, 2**30), "A larger request body is refused (413).")
    max_depth: int = _row(
        64,
        "levels",
        kinds.whole(16, 500),
        "A request nested more deeply is refused (400); inside a long prefetch the limit of the JSON parser applies.",
    )
    max_entries: int = _row(
        20_000,
        "whole number",
        kinds.whole(1, 10_000_000),
        "A request is refused (413) if more resources than this have to be read.",
    )
    head_timeout_ms: int = _row(
        10_000,
        "milliseconds",
        kinds.whole(1, 600_000),
        "A connection is closed if its request head takes longer to arrive.",
    )
    body_timeout_ms: int = _row(
        10_000,
        "milliseconds",
        kinds.whole(1, 600_000),
        "A request is refused (408) if its body takes longer to arrive.",
    )
    max_concurrent: int = _row(
        128, "whole number", kinds.whole(1, 10_000), "More concurrent calls in one worker are refused (503)."
    )
    max_bytes_under_way: int = _row(
        64 * 2**20,
        "bytes",
        kinds.whole(1024, 2**36),
        "Bodies beyond this total in one worker are refused (503). The first 64 KiB of each are not counted.",
    )
    rate_per_second: int = _row(
        50,
        "calls per second",
        kinds.whole(1, FASTEST),
        "More calls from one client in one worker are refused (429); bursts of twice as many are allowed.",
        display=f"50 (in demo mode {FASTEST})",
    )
    concept_maps: str = _row(
        "",
        "path",
        kinds.text,
        "A folder of the site's own codes and units (ConceptMaps, CSV), read and checked at start: local-codes.md.",
        display="none",
    )
    languages: tuple[str, ...] = _row(
        (),
        "languages",
        kinds.languages,
        "The languages in which free text is read (en, de, es, fr), instead of those that are precise enough.",
        display="as measured",
    )
    log_level: str = _row(
        "info",
        "debug, info, warning or error",
        kinds.one_of("debug", "info", "warning", "error"),
        "The log level.",
    )

    metrics_address: tuple[str, int] | None = _row(
        None,
        "host:port",
        kinds.address,
        "A separate address for /metrics, instead of the service's own: for Prometheus, never for clients.",
        display="none: on the service's own address",
    )

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone, ready to use."""
        return ZoneInfo(self.time_zone or "UTC")

    @property
    def open(self) -> bool:
        """Whether anybody may call: only in demo mode."""
        return self.demo and self.auth == "off"


def _described(name: str, row: Mapping[str, Any]) -> Setting:
    return Setting(PREFIX + name.upper(), row["kind"], row["shown"], row["help"], row["secret"])


SETTINGS: tuple[Setting, ...] = tuple(_described(row.name, row.metadata) for row in fields(Settings))


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings, and stop with the key named where one is unknown or unusable."""
    texts = _with_files({name: value.strip() for name, value in environment.items() if name.startswith(PREFIX)})
    unknown = sorted(texts.keys() - {row.name for row in SETTINGS})
    if unknown:
        raise SettingsError(unknown[0], "is not a setting of this version; docs/settings.md lists them")
    values = {row.name: _read(row.name, row.metadata["parse"], texts) for row in fields(Settings)}
    return _completed({name: value for name, value in values.items() if value is not None})


def load_to_serve(environment: Mapping[str, str]) -> Settings:
    """Read the settings of a service that is to start: whoever has clients has said under which address they call."""
    settings = load(environment)
    key = PREFIX + "PUBLIC_URL"
    if settings.clients and not settings.demo:
        if not environment.get(key, "").strip():
            raise SettingsError(key, "is required: clients issue their tokens for this address, and cards link to it")
        if not is_private_on_the_way(settings.public_url):
            raise SettingsError(key, "must begin with https:// unless its host is this machine's own (loopback)")
    return settings


def _with_files(values: dict[str, str]) -> dict[str, str]:
    """Read each secret that is given as the path of a file, such as a container's secret."""
    for name in (row.name for row in SETTINGS if row.secret):
        if path := values.pop(name + FILE, ""):
            try:
                values[name] = Path(path).read_text("utf-8").strip()
            except (OSError, ValueError) as problem:
                raise SettingsError(name + FILE, f"names a file that cannot be read: {reason_of(problem)}") from problem
    return values


def _read(name: str, parse: Callable[[str], Any], values: Mapping[str, str]) -> Any:
    """Parse one value; an empty one counts as not given, as in a compose file."""
    key = PREFIX + name.upper()
    if not values.get(key):
        return None
    try:
        return parse(values[key])
    except ValueError as problem:
        raise SettingsError(key, str(problem)) from problem


def _completed(values: dict[str, Any]) -> Settings:
    """Add the defaults that depend on other settings, and refuse an open service outside demo mode."""
    if values.get("demo"):
        values = {"auth": "off", "allowed_origins": (SANDBOX_ORIGIN,), "rate_per_second": FASTEST, **values}
    if values.get("auth") == "off" and not values.get("demo"):
        raise SettingsError(PREFIX + "AUTH", "can only be off in demo mode (TWITCH_CDS_DEMO=true)")
    if "port" in values:
        values = {"public_url": f"http://127.0.0.1:{values['port']}", **values}
    if values.get("demo"):
        values = {"fhir_servers": (f"{values.get('public_url', DEMO_URL)}/demo/fhir",), **values}
    return Settings(**values)
