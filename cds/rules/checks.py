"""Checked at start, in both directions: what is named and missing, and what is there and named by nothing."""

from collections.abc import Collection, Iterable, Iterator

from msgspec import to_builtins

from cards.heard_words import FILE as HEARD
from cards.topics import Topic
from cards.words import TagWords, Words
from cds.chart.spoken import PLACES
from cds.errors import KnowledgeError
from cds.knowledge.load import Knowledge
from cds.rules import reported, self_harm
from cds.rules.cardbook import CARDS, ROWS, of_chart
from cds.rules.findings import ASKED
from cds.rules.reads import ASSESSED, SOCIAL, Reads
from cds.rules.rulebook import UNJUDGED, Rulebook, rulebook_of

# What is read beside rules and cards: by the reader of the chart, the gate, the picture, and the repeats.
CHART = Reads(
    values=(
        *(
            "severe",
            "frequent",
            "absent",
            "normal",
            "abnormal",
            "site-eyelid",
            "site-tongue",
            "site-arm",
            "site-leg",
            "twitch-exclude",
        ),
        *(
            "first-degree",
            "referral",
            "neurology",
            "work-up",
            "on-problem-list",
            "soft-sign",
            "region-arm",
            "region-leg",
            "weakness-girdle",
            "b-group-deficiency",
            "movement-unspecific",
            "myopathy",
            *self_harm.ANSWERS,
            reported.BOTH_SIDES_NEW,
        ),
    ),
    limits=("albumin-adjust",),
    windows=(
        *(
            "repeat_info",
            "seizure_quoted",
            "repeat_warning",
            "repeat_once",
            "steroid_withdrawal",
            "recent_drug",
            "ppi_exposure",
            "emergency_sign",
            "flagged_lab",
            "reported_sign",
            "reported_today",
        ),
        *("rhabdomyolysis_sign", "electrolyte_sign", "ck_explained"),
        *("visit_sign", "old_sign", "explained_before", "explanation_lead"),
        *("dormant", "dormant_sign", "nitrous_oxide"),
    ),
    thresholds=(
        *(
            "adult_years",
            "infant_years",
            "newborn_days",
            "adult_texts_years",
            "coded_weeks_max",
            "pregnancy_weeks_max",
            "future_hours",
            "third_trimester_weeks",
            "due_weeks",
        ),
        *("max_cards", "max_facts", "max_twitches", "max_other_results", "frequent_per_day"),
    ),
    groups=(
        *("answered", "common-in-benign", "hard-signs", "regions", "lower-motor-signs", "only-with-others"),
        *("beyond-ms", "muscular", "named-weakness", "never-specific", "urgent-if-no-emergency"),
        *("asked-withdrawal", "twitching", "family-diseases"),
        *("grave-as-reason", "mind-as-reason"),
    ),
    classes=(
        *("shifting-drugs", "linked-classes", "b12-classes", "added"),
        *("checked-drafts", "draft-tags", "draft-classes"),
    ),
    tests=("shifted-by-drugs", "infant-tests", "needs-ecg", "own-summary", "in-weeks", "raise-calcium"),
    tags=("unnamed-beside", "explain-weakness"),
    flags=("routine-if-dormant", "beside-long-tracts"),
)
GAPS = ("examination", "onset", "medication-history")  # answered by no value set
OF_NO_SET = "other"  # diseases in words that no value set holds
LIMIT_SOURCES = ("laboratory", "laboratory-flag")
Table = tuple[str, str, Iterable[str], Collection[str]]  # file and key, the names that it names, those that exist


def check(knowledge: Knowledge, words: Words, orders: Collection[str]) -> None:
    """Raise KnowledgeError with file, key and reason for the first name that leads nowhere."""
    for file, key, reason in (*_missing(knowledge, words, orders), *_unused(knowledge, words, orders)):
        raise KnowledgeError(file, key, reason)


def _missing(knowledge: Knowledge, words: Words, orders: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Names without the thing."""
    book, rules, questions = rulebook_of(knowledge), knowledge.rules, knowledge.answers.questions
    for row in (*book.rules.values(), UNJUDGED):
        yield from _undefined(f"the rule {row.id}", row.reads, knowledge)
    for card in CARDS:
        yield from _undefined(f"the card {card.topic}", card.reads, knowledge)
    tables: Iterable[Table] = (
        *_of_rules(knowledge, words, book),
        *_heard(knowledge, words),
        ("answers.toml", "questions.less-is-worse", questions.less_is_worse, questions.units),
        ("labels.toml", "names.form", knowledge.form.own_codes(), knowledge.names.form),
        ("phrases.toml", "same-day", knowledge.phrases.same_day, knowledge.names.spoken),
        ("phrases.toml", "same-day-if-sudden", knowledge.phrases.same_day_if_sudden, knowledge.names.spoken),
        ("answers.toml", "questions", questions.every, knowledge.sets),
        *(
            ("answers.toml", "questions.limits", limits.values(), rules.thresholds)
            for limits in questions.limits.values()
        ),
        ("rules.toml", "example_drafts", rules.example_drafts.listed, _known_codes(knowledge)),
        ("rules.toml", "repeats", rules.repeats.values(), orders),
        ("rules.toml", "counsel", rules.counsel.values(), orders),
        *(("limits.toml", limit.analyte, (limit.citation,), words.citations) for limit in knowledge.every_limit),
        *(("causes.toml", name, cause.tests, knowledge.analytes) for name, cause in knowledge.causes.items()),
        *(("causes.toml", name, filter(None, (cause.line,)), words.notes) for name, cause in knowledge.causes.items()),
        *_of_medicines(knowledge, words, book),
        *(
            (f"words/{name}.toml", "diseases.names", language.diseases.names, {*knowledge.sets, OF_NO_SET})
            for name, language in knowledge.spoken.items()
        ),
        *(("orders.toml", f"lab:{test}", (f"lab:{test}",), orders) for test in knowledge.orderable),
        *(("orders.toml", row.topic.value, row.orders, orders) for row in CARDS),
        ("phrases.toml", "tests", knowledge.orderable, words.book.tests),
        ("phrases.toml", "gaps", (*rules.gaps, *GAPS), words.book.gaps),
        ("phrases.toml", "limit_sources", LIMIT_SOURCES, words.book.limit_sources),
    )
    for file, key, names, present in tables:
        yield from ((file, key, f"there is no `{name}`") for name in names if name not in present)


def _of_rules(knowledge: Knowledge, words: Words, book: Rulebook) -> Iterator[Table]:
    """What rules.toml names, and where it has to be."""
    rules = knowledge.rules
    tags = {tag for tags_of_topic in book.tags.values() for tag in tags_of_topic}
    yield from (
        *(("rules.toml", f"groups.{key}", sets, knowledge.sets) for key, sets in rules.groups.items()),
        *(("rules.toml", f"gaps.{key}", sets, knowledge.sets) for key, sets in rules.gaps.items()),
        *(
            ("rules.toml", f"lists.{key}", members, {*knowledge.analytes, *knowledge.medicines, *tags})
            for key, members in rules.lists.items()
        ),
        *(("rules.toml", f"sources.{key}", (source,), words.citations) for key, source in rules.sources.items()),
        ("rules.toml", "repeats", rules.repeats, book.tags[Topic.EMERG]),
        ("rules.toml", "counsel", rules.counsel, book.tags[Topic.LIFESTYLE]),
        ("rules.toml", "order_emergencies", rules.order_emergencies, knowledge.analytes),
        ("rules.toml", "order_emergencies", rules.order_emergencies.values(), book.rules),
        ("rules.toml", "diuretic_limits", rules.diuretic_limits, knowledge.analytes),
        ("rules.toml", "diuretic_limits", rules.diuretic_limits.values(), knowledge.combined),
        ("rules.toml", "thyrotoxicosis", rules.thyrotoxicosis, knowledge.lab_tags),
        ("rules.toml", "asked_of_all", rules.asked_of_all, rules.lists),
        *(("rules.toml", f"flags.{key}", ids, book.rules) for key, ids in rules.flags.items()),
        ("rules.toml", "pressure", (part for part, _ in rules.pressure.every), knowledge.answers.questions.units),
        ("rules.toml", "pressure", (threshold for _, threshold in rules.pressure.every), rules.thresholds),
        ("rules.toml", "regions", (*rules.regions, *rules.regions.values()), knowledge.sets),
        ("rules.toml", "form_lines", rules.form_lines, knowledge.sets),
        ("rules.toml", "form_lines", rules.form_lines.values(), words.notes),
        ("rules.toml", "site_signs", rules.site_signs, PLACES),
        ("rules.toml", "site_signs", rules.site_signs.values(), knowledge.sets),
        ("rules.toml", "order_tags", rules.order_tags.values(), book.tags[Topic.EMERG]),
        *(
            ("rules.toml", f"new_signs.{known_cause.kind}", known_cause.sets, knowledge.sets)
            for known_cause in rules.new_signs
        ),
    )


def _heard(knowledge: Knowledge, words: Words) -> Iterator[Table]:
    """The kinds of phrases that are heard, and what the page of words says of each; in both directions."""
    meanings, spoken = words.meanings, knowledge.spoken
    yield HEARD, "languages", spoken, meanings.languages
    yield HEARD, "languages", meanings.languages, spoken
    for language in spoken.values():
        cues = to_builtins(language.cues)
        for key, kinds, texts in (
            ("places", to_builtins(language.twitch), meanings.places),
            ("headings", language.headings.lists, meanings.headings),
            ("diseases", language.diseases.beside, meanings.diseases),
            ("looks", to_builtins(language.look_alikes), meanings.looks),
        ):
            yield HEARD, key, kinds, texts
            yield HEARD, key, texts, kinds
        yield HEARD, "cues", (kind for kind in cues if not meanings.cue(kind)), ()
        yield HEARD, "cues", meanings.cues, {meanings.cue(kind) for kind in cues}


def _known_codes(knowledge: Knowledge) -> Collection[str]:
    """Those of the example drafts that are in the code files."""
    parts = {token: token.partition(":") for token in knowledge.rules.example_drafts.listed}
    return {
        part for part, (short, _, code) in parts.items() if knowledge.codes.find(knowledge.systems.get(short), code)
    }


def _undefined(who: str, reads: Reads, knowledge: Knowledge) -> Iterator[tuple[str, str, str]]:
    """What a row reads that the data do not hold."""
    rules = knowledge.rules
    places: tuple[tuple[str, Iterable[str], Collection[str]], ...] = (
        ("valuesets.toml", reads.value_sets, knowledge.sets),
        ("medicines.toml", reads.medicines, knowledge.medicines),
        ("limits.toml", reads.limits, knowledge.combined),
        ("rules.toml", reads.sources, rules.sources),
        ("analytes.toml", reads.analytes, {*knowledge.analytes, *knowledge.lab_tags}),
    )
    for file, names, place_names in places:
        yield from ((file, name, f"is missing, and {who} reads it") for name in names if name not in place_names)


def _said_of(tag: TagWords) -> Collection[str]:
    return ("tests",) if tag.tests else ()


def _of_medicines(knowledge: Knowledge, words: Words, book: Rulebook) -> Iterator[Table]:
    tags = {*book.tags[Topic.EMERG], *book.tags[Topic.LAB_ABN]}
    for name, medicine in knowledge.medicines.items():
        yield "medicines.toml", name, (*medicine.linked, *medicine.named), tags
        yield "medicines.toml", name, medicine.moved, knowledge.analytes
        yield "medicines.toml", name, medicine.checks, knowledge.orderable
        yield "medicines.toml", name, medicine.tests, knowledge.analytes
        yield "medicines.toml", name, (medicine.variant,), ROWS[Topic.MED_REV].variants
        yield "medicines.toml", name, filter(None, (medicine.replacement_for,)), knowledge.sets
        if medicine.asks_tests and medicine.variant == "one" and medicine.timing != "never":
            yield "tags.toml", f"{Topic.MED_REV}.{name}", ("tests",), _said_of(words.tags[Topic.MED_REV][name])


def _unused(knowledge: Knowledge, words: Words, orders: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Things without anybody who names them."""
    rules, medicines = knowledge.rules, knowledge.medicines
    reads = of_chart(knowledge) | CHART.listed(knowledge) | Reads(values=tuple(rules.form_lines))
    sets = {*reads.value_sets, *(f"order-{test}" for test in knowledge.orderable)}
    sets |= {f"explains-{name}" for name in knowledge.explanations}
    sets |= {f"replacement-{tag}" for tag in knowledge.lab_tags} | {
        medicine.replacement_for for medicine in medicines.values()
    }
    proposed = {*(f"lab:{test}" for test in knowledge.orderable), *rules.repeats.values(), *rules.counsel.values()}
    proposed |= {key for row in CARDS for key in row.orders}
    questions = knowledge.answers.questions
    question_sets = (name for name in knowledge.sets if name.startswith(ASKED))
    cited = {*words.cited, *rules.sources.values(), *(limit.citation for limit in knowledge.every_limit)}
    tables: tuple[tuple[str, Iterable[str], Collection[str]], ...] = (
        ("valuesets.toml", knowledge.sets, sets),
        ("valuesets.toml", question_sets, questions.every),
        ("answers.toml", questions.every, reads.answers),
        ("analytes.toml", knowledge.analytes, reads.analytes),
        ("limits.toml", knowledge.combined, reads.limits),
        ("rules.toml", rules.windows, reads.windows),
        ("rules.toml", rules.thresholds, reads.thresholds),
        ("rules.toml", rules.groups, _groups(reads)),
        ("rules.toml", rules.lists, (*reads.classes, *reads.tests, *reads.tags, *rules.asked_of_all)),
        ("rules.toml", rules.flags, reads.flags),
        ("rules.toml", (part for part, _ in rules.pressure.every), reads.answers),
        ("rules.toml", (threshold for _, threshold in rules.pressure.every), reads.thresholds),
        ("rules.toml", (*rules.regions, *rules.regions.values(), *rules.site_signs.values()), reads.value_sets),
        ("rules.toml", PLACES, rules.site_signs),
        ("rules.toml", rules.order_tags, rules.order_emergencies),
        *(("rules.toml", knowledge.group(name), reads.value_sets) for name in (SOCIAL, ASSESSED)),
        ("rules.toml", (name for sign_kind in rules.new_signs for name in sign_kind.sets), reads.value_sets),
        ("rules.toml", rules.sources, (*reads.sources, *reads.thresholds, *reads.windows)),
        ("routes.toml", knowledge.route_words.names, _routes(knowledge)),
        ("orders.toml", orders, proposed),
        ("phrases.toml", words.book.tests, knowledge.orderable),
        ("phrases.toml", words.book.gaps, (*rules.gaps, *GAPS)),
        ("phrases.toml", words.book.limit_sources, LIMIT_SOURCES),
        ("citations.toml", words.citations, cited),
        ("labels.toml", knowledge.names.form, set(knowledge.form.own_codes())),
    )
    for file, names, used_names in tables:
        yield from ((file, name, "nothing uses it") for name in names if name not in used_names)


def _groups(reads: Reads) -> tuple[str, ...]:
    """The groups that rules read, and those by which an evidence page tells what is sensitive."""
    return (*reads.groups, *reads.value_groups, *reads.problem_groups, *reads.answer_groups, SOCIAL, ASSESSED)


def _routes(knowledge: Knowledge) -> set[str]:
    return {
        route
        for medicine_class in knowledge.medicines.values()
        for route in (*medicine_class.check_routes, *medicine_class.local_routes, *medicine_class.systemic_words)
    }
