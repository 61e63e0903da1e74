"""Opening the parts of a process, as its settings say: the one place where all of them meet."""

from pathlib import Path

from cds.attendant import Attendant
from cds.audit.journal import Journal
from cds.call import build_engine
from cds.clock import utc_now
from cds.prefetch.completion import Completion
from cds.secrecy import Pseudonyms, Secret
from cds.settings import Settings
from cds.trust.verifier import build_verifier
from cds.web.parts import Parts

AUDIT = "audit.jsonl"


def open_parts(settings: Settings) -> Parts:
    """The parts of one process; raises a StartError if one of them cannot be."""
    engine, key = build_engine(settings), Secret(settings.hash_key)
    completion = Completion(settings)
    verifier = build_verifier(settings, None)
    attendant = Attendant(
        engine,
        completion=completion,
        pseudonyms=Pseudonyms(key),
        seconds_allowed=settings.deadline_ms / 1000,
    )
    journal = Journal.open(Path(settings.audit_file or Path(settings.data_dir) / AUDIT), key, utc_now)
    return Parts(
        engine=engine,
        attendant=attendant,
        verifier=verifier,
        journal=journal,
        start=(verifier.warm,),
        close=(completion.aclose, verifier.close),
    )
