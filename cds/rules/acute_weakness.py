"""E2: paralysis, sudden weakness, and the picture of Guillain-Barré syndrome (3a; second edition N40)."""

from collections.abc import Iterator

from msgspec.structs import replace

from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.view import View

WEAK, TROUBLE = "acute-weakness", "guillain-barre"  # groups of the data
PARALYSIS = "acute-paralysis"
NUMB, BOTH_SIDES = (
    "sensory",
    "both-sides",
)  # each with a condition of its own; the latter is said of a weakness
GUILLAIN_BARRE = "guillain-barre"


def found(view: View) -> Iterator[Raised]:
    """Paralysis of the last 28 days, weakness begun within 3 days, or the picture of Guillain-Barré syndrome.

    Weakness that only began is explained in a known disease other than MS; a coded paralysis is not.
    """
    explained = bool(view.diseases - {"kd-ms"})
    picture = None if explained else _guillain_barre(view)
    paralysis = _paralysis(view, sudden_counts=not explained)
    yield from (flag for flag in (picture, paralysis) if flag is not None)


def _paralysis(view: View, *, sudden_counts: bool) -> Raised | None:
    signs = view.within("paralysis", PARALYSIS)
    if sudden_counts:
        limit = view.today - view.days("sudden_weakness")
        sudden = (finding for finding in view.of("weakness") if finding.onset and finding.onset.last >= limit)
        signs = tuple(dict.fromkeys((*signs, *sudden)))
    return view.flag(signs, view.group(WEAK), tag="weakness", used=True)


def _guillain_barre(view: View) -> Raised | None:
    """New weakness with absent reflexes, trouble swallowing or breathing, numbness, or on both sides."""
    sets, companions = view.group(WEAK), (*view.group(TROUBLE), NUMB, BOTH_SIDES)
    weak = [finding for finding in view.within("guillain_barre", *sets) if _is_new(finding, view)]
    beside = _beside(weak, view) if weak else []
    if not beside:
        return None
    flag = view.flag(dict.fromkeys((*weak, *beside)), (*sets, *companions), tag="weakness", used=True)
    since = min((finding.when for finding in weak if finding.when), key=lambda when: when.first)
    values = (("sign", view.name(beside[0], *companions)), ("date", since.text))
    return replace(flag, sentence=GUILLAIN_BARRE, values=values) if flag else None


def _is_new(sign: Finding, view: View) -> bool:
    """It began within the window; where no onset is stated, no earlier entry says the same."""
    if sign.onset is not None:
        return True
    limit = view.today - view.days("guillain_barre")
    codes = {(concept.system, concept.code) for concept in sign.concepts}
    return not any(
        finding.day is not None
        and finding.day < limit
        and not codes.isdisjoint((concept.system, concept.code) for concept in finding.concepts)
        for finding in view.of(*view.group(WEAK))
    )


def _beside(weak: list[Finding], view: View) -> list[Finding]:
    """What makes the picture, the most telling first; numbness only beside something whose onset is stated."""
    areflexia = list(view.within("guillain_barre", *view.group(TROUBLE)))
    numb = view.within("guillain_barre", NUMB)
    areflexia += [finding for finding in numb if finding.onset or any(sign.onset for sign in weak)]
    sided = view.of(BOTH_SIDES)
    return [*areflexia, *(finding for finding in weak if finding in sided)]
