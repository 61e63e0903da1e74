"""`twitch-cds store`: what an operator may have to do with the database by hand."""

import sys

from cds.clock import utc_now
from cds.errors import StoreError
from cds.keyed import fingerprint
from cds.progress import working
from cds.settings import Settings, environment, load
from cds.store.down import StoreDown
from cds.store.keys import has_key, hash_key
from cds.store.migrate import newest
from cds.store.store import Store

WORDS = {
    "showings": "shown cards",
    "suppressions": "suppressed repeats",
    "silent_cards": "cards of silent calls",
    "shadow_counts": "counts of a shadow",
    "feedback": "items of feedback",
    "used_tokens": "expired tokens",
}


def run(action: str) -> int:
    """Do it, and say what was done; raises StoreError if the database cannot be used."""
    settings = load(environment())
    with working("Working on the database"):
        message = _done(action, settings)
    sys.stdout.write(f"{message}\n")
    return 0


def _done(action: str, settings: Settings) -> str:
    is_new_key = action == "accept-key"
    key = fingerprint(hash_key(settings)) if is_new_key or has_key(settings) else None
    store = Store.open(settings.database_url, settings.data_dir, key)
    try:
        store.prepare(accept_key=is_new_key)
        if action == "prune":
            return _pruned(store, settings.retention_days)
        if is_new_key:
            return "The database is that of the present hash key."
        return f"The tables are up to date ({newest()})."
    finally:
        store.close()


def _pruned(store: Store, retention_days: int) -> str:
    try:
        counts = store.prune(utc_now(), retention_days)
    except StoreDown as problem:
        raise StoreError(
            "The database failed during pruning. What was already deleted stays deleted; try again."
        ) from problem
    return f"Deleted: {', '.join(f'{number} {WORDS[name]}' for name, number in counts.items())}."
