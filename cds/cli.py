"""The command `twitch-cds`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import NamedTuple

from cds import evaluate
from cds.audit import command as audit
from cds.errors import CdsError, UsageError
from cds.report import command as report
from cds.selfcheck import command as selfcheck
from cds.settings import PREFIX, Settings, environment, load, load_to_serve
from cds.store import command as store
from cds.store.keys import has_key, hash_key
from cds.trust import check_command as clients
from cds.trust import mint_command as mint
from cds.web.server import serve

SERVE = "Start the service. All other settings are environment variables: see docs/settings.md."
EVALUATE = "Print the cards that a chart, a bundle or a whole CDS Hooks request would bring."
REPORT = "For each card: how often it was shown, accepted, overridden and why, ignored, or kept back as a repeat."
AUDIT = "The audit holds one line for each call. See docs/audit.md."
CLIENTS = "The file of registered clients says who may call, with which keys. See docs/trust.md."
SELFCHECK = "Ask a running service, as its clients do, whether all is well; each line says what to do if it is not."
MINT = "Make a signed token for one address, and keys to sign with: for tests, never with an EHR's own keys."
STORE = "The database holds what was shown and what was answered. See docs/store.md."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 answered, 1 the service cannot start, 2 unusable input."""
    namespace = parser().parse_args(arguments)
    try:
        status: int = namespace.run(namespace)
    except CdsError as error:
        print(f"twitch-cds: {error.text}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return status


class Command(NamedTuple):
    """One command: what it is for, what it does in a sentence, and who does it."""

    name: str
    help: str
    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def commands() -> tuple[Command, ...]:
    """All commands, the ones of every day first."""
    return (
        Command("serve", "start the service", SERVE, _add_serve, run_serve),
        Command("evaluate", "print the cards for a chart", EVALUATE, evaluate.add_arguments, evaluate.run),
        Command("report", "print what was shown, and what was done with it", REPORT, report.add_arguments, report.run),
        Command("audit", "prove that the audit is whole", AUDIT, audit.add_arguments, run_audit),
        Command("clients", "check the file of registered clients", CLIENTS, clients.add_arguments, clients.run),
        Command("selfcheck", "check a running service from outside", SELFCHECK, selfcheck.add_arguments, selfcheck.run),
        Command("mint-token", "make keys and a token, for testers", MINT, mint.add_arguments, mint.run),
        Command("store", "bring the database up to date, or prune it", STORE, store.add_arguments, store.run),
    )


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    root = argparse.ArgumentParser(prog="twitch-cds", description="Clinical decision support for muscle twitching.")
    root.add_argument("--version", action="version", version=f"twitch-cds {version('twitch-cds')}")
    group = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in commands():
        own = group.add_parser(command.name, help=command.help, description=command.description)
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    return root


def _add_serve(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", metavar="H", help="address to listen on (TWITCH_CDS_HOST)")
    command.add_argument("--port", metavar="N", help="port to listen on (TWITCH_CDS_PORT)")
    command.add_argument("--workers", metavar="N", help="number of processes (TWITCH_CDS_WORKERS)")
    command.add_argument(
        "--demo", action="store_const", const="true", help="demo mode: synthetic charts, no token (TWITCH_CDS_DEMO)"
    )


def run_audit(namespace: argparse.Namespace) -> int:
    """Verify the audit with the key that wrote it; a key is never made for it."""
    settings = load(environment())
    if not has_key(settings):
        raise UsageError(f"{settings.data_dir}: there is no key of the hashes, so nothing can be proved")
    return audit.run(namespace, hash_key)


def run_serve(namespace: argparse.Namespace) -> int:
    """Serve until a signal; options go into the environment first, because workers read it anew."""
    for name in ("host", "port", "workers", "demo"):
        value: str | None = getattr(namespace, name)
        if value is not None:
            environment()[PREFIX + name.upper()] = value
    settings = load_to_serve(environment())
    serve(settings, lambda address: print(f"twitch-cds listens on {address} ({mode_of(settings)})", flush=True))
    return 0


def mode_of(settings: Settings) -> str:
    """Who may call, in words."""
    if settings.open:
        return "demo mode: synthetic charts only, open to whoever reaches it"
    if not settings.clients:
        return "no client is registered: all calls are refused; set TWITCH_CDS_CLIENTS"
    return f"for the clients registered in {settings.clients}"
