"""The command `twitch-cds`. Every start passes here, so nothing is imported before it is needed.

Each command is a file in `cds.commands`; what it does is imported when it runs.
"""

import sys
from collections.abc import Sequence

INTERRUPTED = 130  # as shells count it: 128 + SIGINT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 answered, 1 the service cannot start, 2 unusable input, 130 ended by Ctrl-C."""
    try:
        from cds.commands import program

        return program.run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
