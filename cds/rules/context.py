"""What several cards say alike: missing tests, data gaps, and remarks on the whole chart."""

from collections.abc import Iterable, Iterator

from cards.advice import Note
from cds.chart.facts import ClinicalObservation, OtherResult
from cds.chart.polarity import Says
from cds.chart.spoken import normalise
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.rules import lifestyle, readings, serotonin, tests_due
from cds.rules.assess import Assessment
from cds.rules.findings import Finding
from cds.rules.flags import Flags
from cds.rules.lab_status import Unread
from cds.rules.medication import Course, Ended
from cds.rules.other_tests import name_of
from cds.rules.own_words import first_of_sentence, own
from cds.rules.picture import Picture
from cds.rules.rulebook import UNJUDGED, rulebook_of
from cds.rules.unread import LANGUAGE
from cds.rules.work_up import Done

DOUBTFUL = {"unclear": "medicine_unclear", "on-hold": "medicine_on_hold", "dispensed": "medicine_dispensed"}
CALF = "calf twitching"
SYMPTOM = "ADD"
# Where what a clinician would want to know may stand: what did not arrive is never "not found" (N48).
EXAMINED = ("Observation", "DiagnosticReport", "Procedure")
TAKEN = ("MedicationRequest", "MedicationStatement", "MedicationAdministration")
ANSWERED = ("Condition", "Observation")
NAMED, LONGEST_NAME = 2, 60  # medicines that could not be checked are named so far (N48, N59)


def missing_tests(assessment: Assessment, *, of_child: bool = False) -> tuple[str, ...]:
    """The tests that are due; CK with cramps or a statin (4d LAB-ORDER). None if Observations did not all arrive.

    `of_child`: whether this card names them for a child too (N56).
    """
    picture = assessment.picture
    if not picture.complete.has("Observation") or (picture.is_child and not of_child):
        return ()
    statin = any(course.tag == "statin" for course in assessment.courses)
    asks_for_ck = bool(picture.findings.of("cramps")) or statin
    tests = picture.knowledge.listed(tests_due.MUSCLE) if asks_for_ck else ()
    return tuple(dict.fromkeys((*assessment.missing, *(test for test in tests if tests_due.is_due(test, picture)))))


def gaps(assessment: Assessment, *, habits: bool = True) -> tuple[str, ...]:
    """What a clinician would want to know and the chart does not say (S36); `habits`: caffeine, sleep and the like."""
    picture = assessment.picture
    seen_sets = {name for entry in picture.chart.seen for name in entry.named.sets} | {
        name for finding in picture.findings.all for name in finding.sets
    }
    asks = habits and picture.complete.has(*ANSWERED) and not picture.is_under("adult_texts_years")
    gaps_asked = picture.knowledge.rules.gaps if asks else {}
    absent = tuple(gap for gap, sets in gaps_asked.items() if not seen_sets.intersection(sets))
    is_on_file = picture.exam is not None or _of_unknown_day("exam", picture)
    exam = ("examination",) if not is_on_file and picture.complete.has(*EXAMINED) else ()
    onset = ("onset",) if picture.last is None else ()
    chart = picture.chart
    listed_medicines = chart.drugs or chart.unknown_medicines or chart.medicines.active
    is_told = listed_medicines or chart.medicines.none is not None
    drugs = () if is_told or not picture.complete.has(*TAKEN) else ("medication-history",)
    return (*exam, *onset, *drugs, *absent)


def explanations(picture: Picture, *, habits: bool = True) -> tuple[Note, ...]:
    """What the site of the twitch says, what could not be judged, and medicines that ended or are of no class."""
    unjudged = lifestyle.unjudged(rulebook_of(picture.knowledge).view(UNJUDGED, picture)) if habits else ()
    return (*site_notes(picture), *unjudged, *ended(picture), *of_no_class(picture))


def site_notes(picture: Picture) -> tuple[Note, ...]:
    """The recorded body site; it adjusts the wording only (S12, S23)."""
    if any(twitch.eyelid_only for twitch in picture.twitches):
        return (Note("body_site", {"site": picture.knowledge.names.eyelid}),)
    calf = any(twitch.named.text and normalise(twitch.named.text) == CALF for twitch in picture.twitches)
    return (Note("site_calf"),) if calf else ()


def ended(picture: Picture) -> tuple[Note, ...]:
    """Medicines that ended lately, for the detail only (4b Drug); of steroids (section 5 Stopped steroid)."""
    ingredients_taken = {course.ingredient for course in picture.medication.courses}
    medicines, agents = picture.knowledge.medicines, picture.knowledge.listed(serotonin.CLASSES)
    told_ended = [
        ended for ended in picture.medication.ended if ended.tag not in agents and not medicines[ended.tag].line
    ]
    past = [ended for ended in told_ended if ended.end is not None and ended.ingredient not in ingredients_taken]
    return tuple(_ended(ended, picture) for ended in past if picture.is_within(ended.end, "recent_drug"))


def _ended(ended: Ended, picture: Picture) -> Note:
    values = {"drug": ended.name, "date": ended.end.text if ended.end else ""}
    gap = picture.last.last - ended.end.last if picture.last and ended.end else -1
    withdrawn = ended.tag == "corticosteroid" and 0 <= gap <= picture.knowledge.days("steroid_withdrawal")
    return Note("steroid_withdrawal" if withdrawn else "ended_drug", values)


def family(picture: Picture) -> tuple[str, ...]:
    """What first-degree relatives have or had."""
    names = (own(kin.named.words, kin.named.concepts, picture.knowledge) for kin in picture.chart.kin)
    return tuple(dict.fromkeys(names))


def symptoms(flags: Flags, picture: Picture) -> tuple[Note, ...]:
    """One sentence for each additional symptom; only of a few it is known that they are common in benign twitching."""
    return tuple(_symptom(finding, picture) for flag in flags if flag.id == SYMPTOM for finding in flag.found)


def _symptom(finding: Finding, picture: Picture) -> Note:
    """What is said of one of them (N58)."""
    benign = finding.sets & set(picture.knowledge.group("common-in-benign"))
    sign = first_of_sentence(own(finding.named.words, finding.concepts, picture.knowledge))
    if finding.when is None:
        return Note("additional_benign_undated" if benign else "additional_undated", {"sign": sign})
    return Note("additional_benign" if benign else "additional", {"sign": sign, "date": finding.when.text})


def exam_date(picture: Picture) -> str:
    """The day of the examination that counts."""
    when = picture.exam.report.when if picture.exam else None
    return when.text if when else ""


def exam_notes(picture: Picture) -> tuple[Note, ...]:
    """What examination and EMG say, or that no examination is on file since the twitch began."""
    return (*_exam(picture), *_emg(picture))


def _exam(picture: Picture) -> tuple[Note, ...]:
    if picture.exam is None:  # else it is named among what was not found
        return _of_unknown_day("exam", picture)
    if picture.exam.result == "normal":
        return (Note("exam_normal", {"date": exam_date(picture)}),)
    if picture.exam.report.disagrees:
        return (_disagrees(picture.exam, picture),)
    return (Note("exam_unknown", {"date": exam_date(picture)}),) if picture.exam.result is None else ()


def _of_unknown_day(kind: str, picture: Picture) -> tuple[Note, ...]:
    """One that is on file, and nobody knows if since the twitch began: it is not "not found", and calms nothing."""
    test = first_of_sentence(picture.knowledge.label(kind))
    oldest, last = picture.today - picture.knowledge.days(kind), picture.last
    for report in picture.chart.reports:
        when = report.when
        if report.kind != kind or (when is not None and when.last < oldest):
            continue
        if when is None:
            return (Note("exam_undated", {"test": test}),)
        if last is None:
            return (Note("exam_onset_unknown", {"test": test, "date": when.text}),)
        if when.first < max(last.last, oldest) <= when.last:
            return (Note("exam_day_unknown", {"test": test, "date": when.text}),)
    return ()


def _disagrees(done: Done, picture: Picture) -> Note:
    """One that is called normal and holds a sign, or is called otherwise in its own words (N3)."""
    test = first_of_sentence(picture.knowledge.label(done.report.kind))
    return Note("exam_disagrees", {"test": test, "date": done.report.when.text if done.report.when else ""})


def _emg(picture: Picture) -> tuple[Note, ...]:
    """An EMG without a coded result is on file, and not "not found" (N48)."""
    emg = picture.emg
    if emg is None:
        return _of_unknown_day("emg", picture)
    if emg.result is not None:
        return ()
    if emg.report.disagrees:
        return (_disagrees(emg, picture),)
    return (Note("emg_unknown", {"date": emg.report.when.text if emg.report.when else ""}),)


def notes(assessment: Assessment) -> tuple[Note, ...]:
    """Remarks on the whole chart, the same on every card."""
    return remarks(assessment.picture)


def remarks(picture: Picture) -> tuple[Note, ...]:
    """The same, where not everything was assessed."""
    chart = picture.chart
    worded = [
        Note("matched_on_text", {"phrase": twitch.named.text}) for twitch in picture.twitches if twitch.named.text
    ]
    vague = any(twitch.onset and twitch.onset.uncertain for twitch in picture.twitches)
    by_text = dict.fromkeys(
        own(finding.named.words, finding.named.concepts, picture.knowledge)
        for finding in picture.findings.of("on-problem-list")
    )
    return (
        *unread(picture),
        *(remark.note for remark in picture.quoted),
        *(
            Note(DOUBTFUL[doubtful.state], {"drug": doubtful.ingredient, "date": doubtful.date})
            for doubtful in picture.medication.doubtful
        ),
        *worded,
        *by_words(course.concept for course in picture.medication.courses if _is_reviewed(course, picture)),
        *((Note("timing_uncertain"),) if vague else ()),
        *((Note("already_on_problem_list", {"items": ", ".join(by_text)}),) if by_text else ()),
        *strange(picture),
        *ahead(picture),
        *unread_answers(picture),
        *unread_texts(picture),
        *unrecognised(picture),
        *not_known(picture),
        *foreign(chart.foreign),
        *((Note("age_unknown"),) if picture.age is None else ()),
        *unclear(picture),
        *unsure(picture),
    )


def strange(picture: Picture) -> tuple[Note, ...]:
    """How many problems are known by a code of nobody only: none of them was asked of any rule (N48)."""
    count = picture.chart.strange_problems
    if not count:
        return ()
    return (Note("problem_unread" if count == 1 else "problems_unread", {"n": str(count)}),)


def foreign(count: int) -> tuple[Note, ...]:
    """How many entries are of somebody else."""
    if not count:
        return ()
    return (Note("foreign_resource" if count == 1 else "foreign_resources", {"n": str(count)}),)


def ahead(picture: Picture) -> Iterator[Note]:
    """The dates that lie ahead: those not used of problems that count, and how many entries are left out for theirs."""
    for problem in picture.chart.problems:
        if problem.ahead and problem.is_active:
            name = first_of_sentence(own(problem.named.words, problem.named.concepts, picture.knowledge))
            yield Note("date_ahead", {"sign": name, "date": problem.ahead})
    if count := len(picture.chart.ahead):
        yield Note("entry_ahead" if count == 1 else "entries_ahead", {"n": str(count)})


def unread_texts(picture: Picture) -> tuple[Note, ...]:
    """How many texts speak of a twitch or a sign in a language that is off only (N14, N48)."""
    count = sum(not_checked.count or 0 for not_checked in picture.unread if not_checked.reason == LANGUAGE)
    if not count:
        return ()
    return (Note("text_unread" if count == 1 else "texts_unread", {"n": str(count)}),)


def unread_answers(picture: Picture) -> tuple[Note, ...]:
    """How many answers to forms were too many or too deep to be read (N20)."""
    count = picture.chart.unread_answers
    return (Note("answers_unread", {"n": str(count)}),) if count else ()


def _is_reviewed(course: Course, picture: Picture) -> bool:
    """Whether a medicine counts while it is taken, and not only when it is stopped."""
    return picture.knowledge.medicines[course.tag].timing != "never"


def unrecognised(picture: Picture) -> tuple[Note, ...]:
    """How many medicines are on file, and which of them could not be checked: the first two by name (N48)."""
    medicines = picture.chart.medicines
    if not medicines.unchecked:
        return ()
    names = [cut(name) for name in dict.fromkeys(medicines.unchecked) if name][:NAMED]
    values = {"n": str(medicines.on_file), "m": str(len(medicines.unchecked)), "items": ", ".join(names)}
    if medicines.on_file == 1:
        return (Note("medicines_unchecked_one" if names else "medicines_unnamed_one", values),)
    return (Note("medicines_unchecked" if names else "medicines_unnamed", values),)


def not_known(picture: Picture) -> tuple[Note, ...]:
    """The lists of which the chart says that nothing is known: that is no list without entries (N48)."""
    chart = picture.chart
    problems = (Note("problems_not_known"),) if chart.problems_not_known else ()
    return (*problems, *((Note("medicines_not_known"),) if chart.medicines.not_known else ()))


def of_no_class(picture: Picture) -> tuple[Note, ...]:
    """That medicines are on file, and all of them understood: none is of a class of ours (N48)."""
    chart = picture.chart
    if chart.medicines.none is not None and not (chart.medicines.on_file or chart.drugs):
        date = chart.medicines.none
        return (Note("no_medicines" if date else "no_medicines_undated", {"date": date}),)
    if not chart.medicines.active or chart.unknown_medicines or chart.drugs:
        return ()
    values = {"n": str(chart.medicines.active)}
    if chart.medicines.active == 1:
        return (Note("medicines_none_of_class_one", values),)
    return (Note("medicines_none_of_class", values),)


def cut(name: str) -> str:
    """A name of the chart, no longer than a card quotes it (N59)."""
    plain = " ".join(name.split())
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 3]}..."


def by_words(medicines: Iterable[Concept]) -> tuple[Note, ...]:
    """The words by which medicines without a known code were matched, each once (N46)."""
    names = dict.fromkeys(medicine.display for medicine in medicines if medicine.by_words)
    return tuple(Note("matched_on_words", {"phrase": words}) for words in names)


def unread(picture: Picture) -> tuple[Note, ...]:
    """The results that are on file and were not understood, what the laboratory called critical first (N64)."""
    entries = sorted(picture.laboratory.unread.items(), key=lambda entry: not entry[1].is_urgent)
    return (
        *(_unread(analyte, unread, picture) for analyte, unread in entries),
        *(_other_unread(result, picture.knowledge) for result in (*picture.others_unread, *picture.answers_unread)),
    )


def _other_unread(other_result: OtherResult, knowledge: Knowledge) -> Note:
    reason = knowledge.names.unread[other_result.trouble or ""]
    return Note(
        "result_unread",
        {"test": cut(name_of(other_result, knowledge)), "reason": reason, "date": other_result.when.text},
    )


def _unread(analyte: str, unread: Unread, picture: Picture) -> Note:
    when = unread.result.when
    label = picture.knowledge.analytes[analyte].label
    values = {"test": label, "reason": picture.knowledge.names.unread[unread.reason]}
    if when is None:
        return Note("result_unread_urgent_undated" if unread.is_urgent else "result_unread_undated", values)
    return Note("result_unread_urgent" if unread.is_urgent else "result_unread", {**values, "date": when.text})


def unclear(picture: Picture) -> tuple[Note, ...]:
    """What was asked of a sign and not understood, or is not final, each once."""
    return tuple(_unclear(entry, picture) for entry in picture.unclear)


def unsure(picture: Picture) -> tuple[Note, ...]:
    """The texts that speak of a twitch, a sign or a disease and do not say that the patient has it, each once (N14)."""
    texts = (term.text or term.words for term in picture.unsure)
    quotes = dict.fromkeys(own(text, (), picture.knowledge) for text in texts if text)
    return tuple(Note("text_unclear", {"phrase": quote}) for quote in quotes)


def _unclear(entry: ClinicalObservation, picture: Picture) -> Note:
    values = {"sign": readings.name_of(entry, picture.knowledge), "date": entry.when.text if entry.when else ""}
    if entry.is_settled or entry.said.says is Says.UNKNOWN:
        return Note("answer_unclear", values)
    return Note("sign_preliminary" if entry.preliminary else "sign_of_no_status", values)
