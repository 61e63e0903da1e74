"""A worker of either edition, by the code that PYTHONPATH names: writes cards and answers, and asks for the answers.

Its arguments: the address of the database, a folder, its name, and how many calls, or a file that ends it. It says
"ready" when its tables are, begins when a line comes in, and ends with what it did, as JSON.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cds.account import Account, Caller, FeedbackItem, Shown, Suppressed
from cds.store.down import StoreDown
from cds.store.rows import Entry, Received
from cds.store.store import Store

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CALLER = Caller(client="hospital", tenant="north")
SERVICE = "muscle-twitch-patient-view"
PATIENT, USER = "a" * 32, "b" * 32
TRIES = 50
T = TypeVar("T")


def main() -> None:
    """Work as a worker does: one call after the other."""
    url, folder, name, end = sys.argv[1:5]
    store = Store.open(url, folder)
    store.prepare()
    say("ready")
    sys.stdin.readline()
    calls, known = 0, 0
    while calls < int(end) if end.isdigit() else not Path(end).exists():
        known += call(store, name, calls)
        calls += 1
    store.close()
    say(json.dumps({"calls": calls, "known": known}))


def call(store: Store, name: str, number: int) -> bool:
    """A card is shown and answered, another is not shown again; whether the answer is known at once."""
    card, print_ = f"{name}-{number}", f"{name}-{number}-f"
    shown = Shown(uuid=card, topic="abnormal-lab", indicator="warning", fingerprint=print_, tags=("potassium",))
    repeat = Suppressed(topic="lifestyle", fingerprint=f"{print_}-2")
    version = "0.1.0" if name.startswith("old") else "1.0.0"
    made = Account(
        hook="patient-view", hook_instance=card, patient=PATIENT, user=USER, cards=(shown,), suppressed=(repeat,)
    )
    at = NOW + timedelta(seconds=number)
    tried(lambda: store.add([Entry(CALLER, SERVICE, made, "k", version, at)]))
    answer = FeedbackItem(card=card, outcome="accepted", at=at, timestamp=at.isoformat())
    tried(lambda: store.keep([Received(CALLER, SERVICE, (answer,), at, False)]))
    return print_ in tried(lambda: store.answered(PATIENT, [print_]))


def tried(work: Callable[[], T]) -> T:
    """Do it again while a writer of several waits too long for the file, as the service's writer and an EHR do."""
    for _ in range(TRIES):
        try:
            return work()
        except StoreDown as problem:
            if "locked" not in str(problem.__cause__):
                raise
    return work()


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
