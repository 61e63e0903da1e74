"""What the charts on the server must get, by file, and the few that searches on an R4 server cannot bring."""

from itertools import groupby

from hapi_charts import Found, OnServer, fixtures, golden

FILES = {
    file: list(charts)
    for file, charts in groupby([*fixtures(), *golden()], key=lambda chart: chart.name.partition("/")[0])
}
# What a search cannot bring, and why: the name of a case, and the cards that its chart gets through searches.
NOT_R4 = "a form of another FHIR version, which an R4 server does not keep"
CODED_VALUE = "the finding is the value of an Observation whose own code says nothing"
WORDS = "an Observation in words, without a code to search by"
LOCAL = "the code is local, and no search asks for it"
PANEL = "no search asks for the code of the panel that holds it"
UNREADABLE = "a value that is no Quantity, which the server does not keep"
GAP: tuple[Found, ...] = (("data-gap", "info", ()),)
UNSEEN: dict[str, tuple[tuple[Found, ...], str]] = {
    "dates_and_dialects/onset-forms/stu3": (GAP, NOT_R4),
    "dates_and_dialects/onset-forms/stu3-refuted": (GAP, NOT_R4),
    "twitch_found/spelling/stu3-refuted": (GAP, NOT_R4),
    "twitch_found/spelling/stu3-resolved": (GAP, NOT_R4),
    "twitch_found/spelling/r5-medication": (GAP, NOT_R4),
    "flags/U1/observed-value": (GAP, CODED_VALUE),
    "second_reading/tongue-anywhere/observed-value-site": ((), CODED_VALUE),
    "twitch_found/text/seen": ((), WORDS),
    "n14_n19_words/N15-heard-now/observation-value": ((), WORDS),
    "n20_n23_forms/N23-caffeine/social-history": (GAP, LOCAL),
    "third_reading/within-a-panel/K": (GAP, PANEL),
    "third_reading/within-a-panel/sign": (GAP, PANEL),
    "partial_data/partial-known-disease/unreadable-lab": ((), UNREADABLE),
    "n35_other_results/N35-reassurance/uncategorised-HH": ((("reassurance", "info", ()),), LOCAL),
    "fifth_reading/grade-of-power/three-of-five": ((("reassurance", "info", ()),), WORDS),
    "fifth_reading/grade-of-power/four-minus": ((("reassurance", "info", ()),), WORDS),
    "fifth_reading/grade-of-power/MRC": (GAP, WORDS),
    "fifth_reading/grade-of-power/M4": ((("reassurance", "info", ()),), WORDS),
    "fifth_reading/grade-of-power/unlisted-code": ((("reassurance", "info", ()),), WORDS),
    "fifth_reading/grade-of-power/number": ((("reassurance", "info", ()),), WORDS),
    "fifth_reading/grade-of-power/component": ((("reassurance", "info", ()),), WORDS),
    "fifth_reading/grade-of-power/preliminary": ((("reassurance", "info", ()),), WORDS),
    "fifth_reading/lost-before-final/uncategorised-lost": ((("reassurance", "info", ()),), LOCAL),
}


def expected(charts: list[OnServer]) -> dict[str, tuple[Found, ...]]:
    """The cards of each chart by name, when it is read from the server."""
    return {chart.name: UNSEEN[chart.name][0] if chart.name in UNSEEN else chart.expect for chart in charts}
