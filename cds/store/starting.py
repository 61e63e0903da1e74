"""What a start does with the store, before anybody can call."""

import logging

from cds.keyed import fingerprint
from cds.settings import Settings
from cds.store.keys import hash_key
from cds.store.migrate import Unreachable
from cds.store.store import Store

log = logging.getLogger("twitch-cds")


def make_ready(settings: Settings) -> None:
    """Bring the tables up to date; raises StoreError if that will never be possible.

    A server that cannot be reached stops no start: the cards are more important, and it is tried again.
    """
    store = Store.open(settings.database_url, settings.data_dir, fingerprint(hash_key(settings)))
    try:
        store.prepare()
    except Unreachable as problem:
        log.error("the store cannot be reached", extra={"fields": {"reason": type(problem.__cause__).__name__}})
    finally:
        store.close()
