"""`twitch-cds serve`."""

import click

from cds.commands.look import Command


@click.command(
    cls=Command,
    name="serve",
    short_help="start the service",
    help="Start the service. All other settings are environment variables: see docs/settings.md.",
    examples=[
        "twitch-cds serve --demo                       # synthetic charts, no token, http://127.0.0.1:8000",
        "twitch-cds serve --host 0.0.0.0 --workers 4   # behind a reverse proxy, one worker per core",
    ],
)
@click.option("--host", metavar="HOST", help="address to listen on (TWITCH_CDS_HOST)")
@click.option("--port", metavar="NUMBER", help="port to listen on (TWITCH_CDS_PORT)")
@click.option("--workers", metavar="NUMBER", help="number of processes (TWITCH_CDS_WORKERS)")
@click.option(
    "--demo", is_flag=True, flag_value="true", default=None, help="synthetic charts, no token (TWITCH_CDS_DEMO)"
)
def command(**options: str | None) -> int:
    """Serve until a signal ends it."""
    from cds.web import serve_command

    return serve_command.run(options)
