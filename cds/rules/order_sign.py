"""An urgent sign on a chart for which a steroid or an estrogen is drafted, and that nobody was asked about (N51)."""

from collections.abc import Iterator

from cards.advice import Note
from cds.rules.flags import Raised
from cds.rules.picture import Picture
from cds.rules.view import View
from cds.rules.work_up import covers

SIGNS = "urgent-beside-drafts"  # a group of the data


def found(view: View) -> Iterator[Raised]:
    """Each sign by itself."""
    sets = view.group(SIGNS)
    flags = (view.flag((finding,), sets) for finding in view.of(*sets))
    yield from (flag for flag in flags if flag is not None)


def lines(signs: tuple[Raised, ...], picture: Picture) -> tuple[Note, ...]:
    """What is said of those that no request covers; in known disease nothing (N52 tells new ones elsewhere)."""
    if picture.is_known:
        return ()
    open_ = (flag for flag in signs if picture.request is None or not covers(picture.request, flag.days))
    undated = picture.knowledge.names.undated
    return tuple(
        Note(
            "sign_not_referred",
            {"sign": raised.names[0], "date": raised.found[0].when.text if raised.found[0].when else undated},
        )
        for raised in open_
    )
