"""`twitch-cds serve`: its options become settings, and it says where it listens and for whom."""

import sys
from collections.abc import Mapping

from cds.progress import working
from cds.settings import PREFIX, Settings, environment, load_to_serve
from cds.web import server


def run(options: Mapping[str, str | None]) -> int:
    """Serve until a signal; options go into the environment first, because workers read it anew."""
    for name, value in options.items():
        if value is not None:
            environment()[PREFIX + name.upper()] = value
    settings = load_to_serve(environment())
    with working("Starting") as work:

        def announce(address: str) -> None:
            work.end()
            sys.stdout.write(f"twitch-cds listens on {address} ({mode_of(settings)})\n")
            sys.stdout.flush()

        server.serve(settings, announce)
    return 0


def mode_of(settings: Settings) -> str:
    """Who may call, in words."""
    if settings.open:
        return "demo mode: synthetic charts only, open to whoever reaches it"
    if not settings.clients:
        return "no client is registered: all calls are refused; set TWITCH_CDS_CLIENTS"
    return f"for the clients registered in {settings.clients}"
