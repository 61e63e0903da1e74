"""The command `twitch-cds`."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from cds import evaluate
from cds.errors import CdsError, UsageError
from cds.settings import PREFIX, environment, load
from cds.web.server import serve

SERVE = "Start the service. All other settings are environment variables: see docs/settings.md."
EVALUATE = "Print the cards that a chart, a bundle or a whole CDS Hooks request would bring."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 answered, 1 the service cannot start, 2 unusable input."""
    namespace = parser().parse_args(arguments)
    try:
        status: int = namespace.run(namespace)
    except CdsError as error:
        print(f"twitch-cds: {error.text}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return status


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    root = argparse.ArgumentParser(prog="twitch-cds", description="Clinical decision support for muscle twitching.")
    root.add_argument("--version", action="version", version=f"twitch-cds {version('twitch-cds')}")
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="start the service", description=SERVE))
    _add_evaluate(commands.add_parser("evaluate", help="print the cards for a chart", description=EVALUATE))
    return root


def _add_serve(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", metavar="H", help="address to listen on (TWITCH_CDS_HOST)")
    command.add_argument("--port", metavar="N", help="port to listen on (TWITCH_CDS_PORT)")
    command.add_argument("--workers", metavar="N", help="number of processes (TWITCH_CDS_WORKERS)")
    command.add_argument(
        "--demo", action="store_const", const="true", help="demo mode: synthetic charts, no token (TWITCH_CDS_DEMO)"
    )
    command.set_defaults(run=run_serve)


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    evaluate.add_arguments(command)
    command.set_defaults(run=evaluate.run)


def run_serve(namespace: argparse.Namespace) -> int:
    """Serve until a signal; options go into the environment first, because workers read it anew."""
    for name in ("host", "port", "workers", "demo"):
        value: str | None = getattr(namespace, name)
        if value is not None:
            environment()[PREFIX + name.upper()] = value
    settings = load(environment())
    mode = (
        "demo mode: synthetic charts only, open to whoever reaches it"
        if settings.demo
        else "no client is registered yet: calls are refused"
    )
    serve(settings, lambda address: print(f"twitch-cds listens on {address} ({mode})", flush=True))
    return 0
