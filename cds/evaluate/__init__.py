"""`twitch-cds evaluate`: the cards that charts on file would bring."""

from cds.evaluate.command import add_arguments, run

__all__ = ["add_arguments", "run"]
