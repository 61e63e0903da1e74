"""`twitch-cds completion`."""

import click
from click.shell_completion import get_completion_class

from cds.commands.look import Command


@click.command(
    cls=Command,
    name="completion",
    short_help="print a shell completion script",
    help="Print the script that completes commands and options in your shell.",
    examples=[
        'eval "$(twitch-cds completion bash)"                                       # in ~/.bashrc',
        'eval "$(twitch-cds completion zsh)"                                        # in ~/.zshrc',
        "twitch-cds completion fish > ~/.config/fish/completions/twitch-cds.fish",
    ],
)
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]), help="bash, zsh or fish")
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script."""
    root = ctx.find_root()
    name = str(root.info_name)
    completion_class = get_completion_class(shell)
    assert completion_class is not None, shell  # one of the choices
    click.echo(completion_class(root.command, {}, name, f"_{name.replace('-', '_').upper()}_COMPLETE").source())
    return 0
