"""E7 and P4: what twitching means in a newborn and in an infant (3a; second edition N41)."""

from collections.abc import Iterator

from msgspec.structs import replace

from cards.advice import Fact
from cds.rules.flags import Raised
from cds.rules.view import View

NEWBORN, SEIZURE, UNMEASURED = "newborn", "infant-seizure", "infant-seizure-unmeasured"
SENTENCES = (NEWBORN, SEIZURE, UNMEASURED)
OTHERS = "infants-others"  # a list of rules of the data: those of every other sign of a child


def found(view: View) -> Iterator[Raised]:
    """E7: a newborn who twitches, an infant with a seizure of the last week, or one who went floppy in it."""
    flags = (_newborn(view), _seizure(view), _floppiness(view)) if view.is_infant else ()
    yield from (flag for flag in flags if flag is not None)


def spasms(view: View) -> Raised | None:
    """P4: an infant of 28 days or more who twitches, and nothing else."""
    twitching = _twitching(view)
    if not view.is_infant or view.is_newborn or not twitching or any(map(view.outcome, view.flags(OTHERS))):
        return None
    return Raised(id="P4", facts=twitching, days=(None,), names=_names(view))


def _twitching(view: View) -> tuple[Fact, ...]:
    return tuple(view.twitch_fact(twitch) for twitch in view.twitches if not twitch.eyelid_only)


def _names(view: View) -> tuple[str, ...]:
    return tuple(dict.fromkeys(view.twitch_name(twitch) for twitch in view.twitches if not twitch.eyelid_only))


def _newborn(view: View) -> Raised | None:
    """Before 28 days of age any twitch that is not of the eyelid alone."""
    twitching = _twitching(view)
    if not view.is_newborn or not twitching:
        return None
    return Raised(
        id="E7",
        tag="newborn-twitching",
        facts=twitching,
        names=_names(view),
        days=(None,),
        used=True,
        sentence=NEWBORN,
    )


def _seizure(view: View) -> Raised | None:
    """A seizure of the last week, whatever the calcium; what was measured is said."""
    signs = view.within("seizure", "seizure")
    calcium = next(view.acute("calcium"), None)
    flag = view.flag(signs, ("seizure",), tag="infant-seizure", used=True)
    if flag is None:
        return None
    values = {"date": max(sign.when.text for sign in signs if sign.when)}
    if calcium is None:
        return replace(flag, sentence=UNMEASURED, values=tuple(values.items()))
    values["value"] = view.lab_words(calcium)["value"]
    facts = (*flag.facts, view.lab_fact(calcium))
    return replace(flag, facts=facts, sentence=SEIZURE, values=tuple(values.items()))


def _floppiness(view: View) -> Raised | None:
    signs = view.within("floppiness", "hypotonia")
    return view.flag(signs, ("hypotonia",), tag="infant-floppiness", used=True)
