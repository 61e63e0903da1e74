"""`twitch-cds store`: what an operator may have to do with the database by hand."""

import argparse
import sys

from cds.clock import utc_now
from cds.errors import StoreError
from cds.settings import environment, load
from cds.store.down import StoreDown
from cds.store.migrate import newest
from cds.store.store import Store

MIGRATE = "Make the tables, or bring them up to date. The service does the same when it starts."
PRUNE = "Delete what is older than TWITCH_CDS_RETENTION_DAYS, and expired tokens. The service does the same every hour."
WORDS = {
    "showings": "shown cards",
    "suppressions": "suppressed repeats",
    "feedback": "items of feedback",
    "used_tokens": "expired tokens",
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The two things that can be done."""
    actions = command.add_subparsers(title="actions", required=True, metavar="ACTION", dest="action")
    actions.add_parser("migrate", help="bring the tables up to date", description=MIGRATE)
    actions.add_parser("prune", help="delete what is too old", description=PRUNE)


def run(namespace: argparse.Namespace) -> int:
    """Do it, and say what was done; raises StoreError if the database cannot be used."""
    settings = load(environment())
    store = Store.open(settings.database_url, settings.data_dir)
    try:
        store.prepare()
        said = f"The tables are up to date ({newest()})."
        if namespace.action == "prune":
            said = _pruned(store, settings.retention_days)
    finally:
        store.close()
    sys.stdout.write(f"{said}\n")
    return 0


def _pruned(store: Store, retention_days: int) -> str:
    try:
        counts = store.prune(utc_now(), retention_days)
    except StoreDown as problem:
        raise StoreError("The database failed while it was pruned. What is deleted is deleted; try again.") from problem
    return f"Deleted: {', '.join(f'{number} {WORDS[name]}' for name, number in counts.items())}."
