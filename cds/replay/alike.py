"""What each process of a replay must have alike, wherever it runs: else its cards or its hashes would be others."""

from cds.call import Engine
from cds.errors import UsageError
from cds.keyed import fingerprint
from cds.replay.manifest import Inputs
from cds.secrecy import Secret
from cds.settings import Settings

ALIKE = "alike.json"  # written by who leads, in the folder of what is not finished


def alike(settings: Settings, engine: Engine, key: Secret, inputs: Inputs) -> dict[str, str]:
    """Each of it by name, nothing of it secret."""
    return {
        "version or knowledge": engine.knowledge_version,
        "key of the hashes (TWITCH_CDS_HASH_KEY)": fingerprint(key),
        "time zone (TWITCH_CDS_TIME_ZONE)": str(settings.zone),
        "limits (TWITCH_CDS_MAX_…)": f"{engine.limits} {settings.max_body_bytes}",
        "public address (TWITCH_CDS_PUBLIC_URL)": settings.public_url,
        "emergency cards (TWITCH_CDS_EMERGENCY_CARDS)": str(settings.emergency_cards),
        "export": inputs.digest,
    }


def ensure_alike(leader: dict[str, str], worker: dict[str, str], who: str) -> None:
    """Raises UsageError, which names what is different and nothing of what it is."""
    differing = [name for name, value in leader.items() if worker.get(name) != value]
    if differing:
        raise UsageError(f"the worker {who} has a different {', a different '.join(differing)} than this machine")
