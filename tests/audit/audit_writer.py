"""A process that writes an audit and says after each line that it was written; the test kills it."""

import os
import sys
from pathlib import Path

from cds.audit.journal import Journal
from cds.clock import utc_now
from cds.secrecy import Secret


def main(path: str, key: str, writer: str, first: int, end: int) -> None:
    """Write the lines from one number to another, each as long as a call's; for its turn it waits however long."""
    journal = Journal.open(Path(path), Secret(key), utc_now, seconds=lambda: 0.0)
    for number in range(first, end):
        journal.write({"kind": "call", "writer": writer, "number": number, "cards": ["x" * 900]})
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
