"""The words of the app: complete, at a reading level of grade 6, and few enough questions."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from cards.ask_words import load_ask_words
from cards.errors import WordingError
from cards.words import ENGLISH
from cds.knowledge.form import Form
from cds.knowledge.load import load
from cds.smart.asked import Person
from cds.web.smart.questions import Question, Sheet

FORM: Form = load().form
NEEDED = {item.id: (item.list, tuple(one.code for one in FORM.options(item))) for item in FORM.every()}
GROUPS = {item.group for item in FORM.item}
MOST = 12
GRADE = 6.0
# Of patients: what they read while they hold the tablet. The rest is for clinicians.
READ_BY_PATIENTS = (
    *("hand_lead", "hand_hello", "thanks_title", "thanks_text", "several", "end_hint", "only_if", "together"),
    *("together_none", "skip", "send", "errors_title", "nothing", "row"),
)
# Names of diseases and of things that have no shorter name are not counted: a reader who has one knows its name.
NAMES = re.compile(r"motor neuron disease|\(?ALS\)?|SMA|muscular dystrophy|caffeine|energy|supplement|alcohol|nicotine")
FOLDERS = sorted(path.parent for path in ENGLISH.parent.glob("*/ask.toml"))


def syllables(word: str) -> int:
    """Groups of vowels; a silent e at the end is none."""
    groups = len(re.findall(r"[aeiouy]+", word.lower()))
    silent = word.lower().endswith("e") and not word.lower().endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


def grade(sentences: list[str]) -> float:
    """The Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    texts = [
        part for one in sentences for part in re.split(r"[.:?!]\s", NAMES.sub("", one)) if re.search(r"[a-z]", part)
    ]
    words = [word for text in texts for word in re.findall(r"[A-Za-z']+", text)]
    return 0.39 * len(words) / len(texts) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def _questions() -> list[str]:
    words = load_ask_words(NEEDED, GROUPS)
    return [words.text(item.id) for item in FORM.every()] + [
        words.short(item.id) for item in FORM.item if words.short(item.id) != words.text(item.id)
    ]


def test_the_formula_tells_hard_words_from_simple_ones() -> None:
    """A known easy and a known hard sentence."""
    assert grade(["The cat sat on the mat."]) < 1
    assert grade(["Approximately how frequently did involuntary muscular fasciculations incapacitate you?"]) > 15


def test_the_questions_are_of_grade_six() -> None:
    """What a patient is asked, all questions together."""
    assert grade(_questions()) <= GRADE


@pytest.mark.parametrize("question", _questions())
def test_no_single_question_is_far_above(question: str) -> None:
    """None needs more than two grades more."""
    assert grade([question]) <= GRADE + 3


def test_answers_and_hints_are_of_grade_six() -> None:
    """What a patient ticks and reads beside the questions."""
    words = load_ask_words(NEEDED, GROUPS)
    answers = [words.answer(item.id, item.list, one.code) for item in FORM.every() for one in FORM.options(item)]
    hints = [re.sub(r"\{\w+\}", "", words.pages.page[key]) for key in READ_BY_PATIENTS]

    assert grade(answers) <= GRADE
    assert grade([*hints, *words.pages.problem.values()]) <= GRADE


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_language_has_all_words(folder: Path) -> None:
    """A folder of wording that has one of the files has all of it."""
    words = load_ask_words(NEEDED, GROUPS, folder)
    english = tomllib.loads((ENGLISH / "ask.toml").read_text("utf-8"))

    assert {part: sorted(english[part]) for part in english} == {
        "page": sorted(words.pages.page),
        "outcome": sorted(words.pages.outcome),
        "problem": sorted(words.pages.problem),
        "why": sorted(words.pages.why),
        "group": sorted(words.pages.group),
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        ("questions.toml", '[item."q.often"]', '[item."q.other"]', "item.q.often"),
        ("questions.toml", 'calf = "Calf"', 'shin = "Shin"', "q.where.answers.calf"),
        ("questions.toml", "yes-no = {", "no-yes = {", "q.start28.answers.N"),
        ("questions.toml", "now-and-then", 'other = "x", now-and-then', "q.often.answers.other"),
        ("ask.toml", "habits =", "habit =", "group.habits"),
        ("ask.toml", "[why]", "[whence]", "the file"),
    ],
)
def test_a_missing_or_unknown_word_is_named(tmp_path: Path, file: str, old: str, new: str, key: str) -> None:
    """The start stops with the file and the key."""
    for name in ("ask.toml", "questions.toml"):
        shutil.copy(ENGLISH / name, tmp_path)
    text = (tmp_path / file).read_text("utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), "utf-8")

    with pytest.raises(WordingError) as caught:
        load_ask_words(NEEDED, GROUPS, tmp_path)

    assert (file, key) == (caught.value.file, caught.value.key)


@pytest.mark.parametrize(
    "person", [Person(), Person(40, "female"), Person(40, "male"), Person(70, "female"), Person(9)]
)
def test_somebody_with_nothing_to_tell_answers_at_most_twelve(person: Person) -> None:
    """Follow-ups are asked of those only who said what they follow; the page is in five groups."""
    groups = Sheet(FORM, load_ask_words(NEEDED, GROUPS), person, {}).groups()
    asked: list[Question] = [one for group in groups for one in group.questions if not one.follows]

    assert len(asked) <= MOST
    assert ["twitch", "signs", "habits", "strain", "background"] == [group.name for group in groups]


@pytest.mark.parametrize(
    ("person", "marks"),
    [
        (Person(), {"q.coffee": "only from 12 years of age", "q.sleep": ""}),
        (Person(sex="male"), {"q.coffee": "only from 12 years of age"}),
        (Person(40), {"q.coffee": ""}),
        (Person(12, "female"), {"q.coffee": ""}),
    ],
)
def test_whom_a_question_is_for_is_said_where_it_is_not_known(person: Person, marks: dict[str, str]) -> None:
    """N22: one that might concern somebody else is asked, and marked."""
    groups = Sheet(FORM, load_ask_words(NEEDED, GROUPS), person, {}).groups()
    questions = {one.name: one for group in groups for one in group.questions}

    assert marks == {name: questions[name].limits for name in marks}
    labels = {one.code: one.label for name in ("q.recent", "background") for one in questions[name].choices}
    alcohol = " (only from 12 years of age)" if person.age is None else ""
    assert f"More than 14 units of alcohol a week{alcohol}" == labels["alcmuch"]
    age = [] if person.age is not None else ["only from 12 to 55 years of age"]
    limits = [*age, *([] if person.sex else ["not for men"])]
    expected = f"I am pregnant ({'; '.join(limits)})" if limits else "I am pregnant"
    assert (None if person.sex == "male" else expected) == labels.get("q.preg")


def test_a_follow_up_says_what_it_follows() -> None:
    """Without scripts all questions are there, and each follow-up is marked."""
    groups = Sheet(FORM, load_ask_words(NEEDED, GROUPS), Person(), {}).groups()

    marks = {one.name: one.only_if for group in groups for one in group.questions if one.follows}
    assert "Only if: Less strength in grip, lifting or stairs, or tripping" == marks["q.start28"]
    assert "Only if: I am pregnant" == marks["q.preg.weeks"]
    assert "Only if: Yes or Not sure" == marks["q.where"]
    assert "" not in marks.values()
