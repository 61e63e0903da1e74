"""Two people judge cards and silences of a replay, each without the other's answers, on this machine only."""

import json
import os
import re
import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from charts.people import person, twitch, wasting
from replay_kit import Json, Replay, Replayed, ndjson, order, visit
from review_kit import ADDRESS, SECRET, Pages, pages, read

from cds.errors import UsageError
from cds.replay import keep

MEDICATION: Json = {"resourceType": "Medication", "id": "m9", "code": {"text": "Prednisone of the pharmacy"}}
BY_REFERENCE: Json = {"medicationReference": {"reference": "Medication/m9"}, "medicationCodeableConcept": None}


def patient(number: int, *more: Json, twitches: bool = True) -> list[Json]:
    """Somebody with one visit, and a twitch or none."""
    ident = f"p{number}"
    found = [twitch(f"Patient/{ident}", f"t{number}", recordedDate="2026-10-01")] if twitches else []
    return [
        person(ident, name=[{"family": "Secretname"}]),
        *found,
        visit(f"e{number}", "2026-11-10T09:00:00Z", ident),
    ] + [{**one, "id": f"{one['id']}-{number}"} for one in more]


def people(*charts: list[Json]) -> list[Json]:
    """Several charts in one export."""
    return [one for chart in charts for one in chart]


USUAL = people(
    patient(1),
    patient(2, wasting("Patient/p2", recordedDate="2026-11-01")),
    patient(3, twitches=False),
    patient(4, twitches=False),
)


@pytest.fixture
def done(replay: Replay, tmp_path: Path) -> Replayed:
    """A replay of four people: one with a twitch, one with an urgent sign beside it, two with nothing."""
    return replay(ndjson(tmp_path / "export.ndjson", USUAL), rules_off=False)


def kept(done: Replayed) -> Json:
    """The file of the review."""
    found: Json = json.loads((done.out / "review.json").read_text("utf-8"))
    return found


def ids(done: Replayed) -> list[str]:
    """All items, in order."""
    return [item["id"] for item in kept(done)["items"]]


def with_card(done: Replayed, is_card: bool = True) -> list[str]:
    """The items about a card, or about none."""
    return [item["id"] for item in kept(done)["items"] if bool(item["card"]) == is_card]


def test_two_people_judge_and_see_the_result_when_both_are_done(done: Replayed) -> None:
    """Neither sees the other's answer or remark before; then agreement and value of each card are shown."""
    site = pages(done.out)
    anna, ben = site.join("Anna"), site.join("Ben")
    for item in ids(done):
        assert 303 == site.judge(anna, item, "right", "remark of Anna").status_code
        for path in ("", f"{ben}/", f"{ben}/{item}", "result"):
            page = site.get(path).text
            assert "remark of Anna" not in page
            assert not re.search(r"checked|\d of \d", page.partition("<main")[2]) or path == f"{ben}/{item}"
        assert " checked" not in site.get(f"{ben}/{item}").text
    assert "The result is shown when two people have judged all items" in site.text("result")
    for item in ids(done):
        site.judge(ben, item, "harmful" if item in with_card(done)[:1] else "right")
    result = site.text("result")

    assert f"They agreed on {len(ids(done)) - 1} of {len(ids(done))}" in result
    assert "Cohen's kappa 0.00 (95 % interval 0.00 to 0.00)" in result
    assert "Positive predictive value (95 %)" in result
    assert "Rightly silent (95 %)" in result
    assert "silent: nothing on the chart can indicate twitching 2 of 2 2 100 % (34 % to 100 %) 0 0" in result


def test_an_answer_leads_to_the_next_open_item_and_can_be_changed_until_both_are_done(done: Replayed) -> None:
    """Then it is final: who has seen the result must not answer anew."""
    site = pages(done.out)
    anna, ben, items = site.join("Anna"), site.join("Ben"), ids(done)
    second = site.judge(anna, items[1], "wrong").headers["location"]
    assert f"/{SECRET}/{anna}/{items[2]}" == second
    assert f"/{SECRET}/{anna}/{items[0]}" == site.judge(anna, items[-1], "wrong").headers["location"]
    assert f"{len(items) - 2} left of {len(items)}" in site.text(f"{anna}/")
    site.judge(anna, items[1], "right", "on second thoughts")
    assert "on second thoughts" in site.get(f"{anna}/{items[1]}").text
    for item in items:
        site.judge(anna, item, "right")
        last = site.judge(ben, item, "right")
    assert f"/{SECRET}/{ben}/" == last.headers["location"]
    assert "You have judged all items" in site.text(f"{ben}/")
    late = site.judge(ben, items[0], "harmful")

    assert (409, True) == (late.status_code, "their answers are final" in read(late))
    assert "right" == kept(done)["judged"]["Ben"][items[0]]["verdict"]


def test_an_item_shows_the_chart_as_it_was_known_and_the_card(replay: Replay, tmp_path: Path) -> None:
    """What was recorded later is not there; no name is; what is beside the card is folded away."""
    later = wasting("Patient/p1", recordedDate="2026-11-20")
    chart = patient(1, order("m1", "2026-11-01T09:00:00Z", intent="plan") | BY_REFERENCE, later)
    result = {
        "resourceType": "Observation",
        "id": "k",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "effectiveDateTime": "2026-11-09",
        "valueQuantity": {"value": 2.20, "system": "http://unitsofmeasure.org", "code": "mmol/L", "unit": "mmol/L"},
    }
    done = replay(ndjson(tmp_path / "a.ndjson", [*chart, result, MEDICATION]), rules_off=False)
    site = pages(done.out)
    place = site.join("Anna")
    shown = {item["card"]: site.text(f"{place}/{item['id']}") for item in kept(done)["items"]}

    assert "emergency" in shown
    for card, text in shown.items():
        assert "female, 66 years" in text
        assert "As known on 2026-11-10 09:00 Hook patient-view" in text
        assert ("Was this card right for this chart?" if card else "Was it right to show no card?") in text
        assert "Prednisone of the pharmacy" in text
        assert "2.2 mmol/L" in text
        assert "M62.50" not in text
        assert "Secretname" not in text


def test_what_was_about_to_be_signed_is_told(replay: Replay, tmp_path: Path) -> None:
    """At order-sign; and a death that is on the chart."""
    chart = patient(1, order("m1", "2026-11-12T09:00:00Z"))
    chart[0] |= {"deceasedDateTime": "2026-11-11"}
    done = replay(ndjson(tmp_path / "a.ndjson", chart), rules_off=False)
    site = pages(done.out)
    place = site.join("Anna")
    texts = [site.text(f"{place}/{item}") for item in ids(done)]

    assert ["8640"] == [text.partition("About to be signed: ")[2].split()[0] for text in texts if "signed:" in text]
    assert any("Died 2026-11-11" in text for text in texts)


def test_odd_and_many_resources_are_listed(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is of another shape stands as it is; what is beyond the limit is counted."""
    monkeypatch.setattr("cds.replay.review.cases.MOST_LISTED", 3)
    odd = {
        "resourceType": "Condition",
        "id": "odd",
        "subject": {"reference": "Patient/p1"},
        "code": 5,
        "note": 7,
    }
    chart = patient(1, odd, order("m1", "2026-11-01T09:00:00Z", intent="plan"))
    chart[0] |= {"deceasedBoolean": True}
    done = replay(ndjson(tmp_path / "a.ndjson", chart), rules_off=False)
    site = pages(done.out)
    text = site.text(f"{site.join('Anna')}/{with_card(done)[0]}")

    assert "All resources (4)" in text
    assert "The first 3 are listed, by type and day; 1 are not." in text


def test_a_reviewer_who_is_named_has_only_their_own_part(done: Replayed) -> None:
    """The page does not ask, and the other's part is not there; a name is taken with its blanks put right."""
    pages(done.out, reviewer="Ben")
    site = pages(done.out, reviewer=" Anna   B. ")

    assert f"/{SECRET}/1/" == site.get().headers["location"]
    assert ["Ben", "Anna B."] == list(kept(done)["judged"])
    assert (200, 404) == (site.get("1/").status_code, site.get("0/").status_code)
    assert "There is no such page in this review." in read(site.get("0/1"))
    assert 404 == site.judge(0, "1", "right").status_code


def test_there_are_two_reviewers_with_names(done: Replayed) -> None:
    """A third is refused, and so is nobody; who is known goes on."""
    site = pages(done.out)
    first = site.join("Anna"), site.join("Ben"), site.join("Anna")
    third, nobody, long = site.post(name="Carl"), site.post(name="  "), site.post(name="x" * 61)

    assert (0, 1, 0) == first
    assert [422, 422, 422] == [one.status_code for one in (third, nobody, long)]
    assert "Carl is not one of the two reviewers, Anna and Ben" in read(third)
    assert "a reviewer needs a name of 1 to 60 characters" in read(nobody)
    with pytest.raises(UsageError, match="Carl is not one of the two reviewers"):
        pages(done.out, reviewer="Carl")


@pytest.mark.parametrize("path", ["9/", "0/99", "x/", "0/1/2"])
def test_paths_that_there_are_not_are_not_found(done: Replayed, path: str) -> None:
    """Whoever they name."""
    site = pages(done.out)
    site.join("Anna")

    assert 404 == site.get(path).status_code


def test_an_answer_is_one_of_three(done: Replayed) -> None:
    """Anything else is asked again, with the remark as it was; nothing is kept."""
    site = pages(done.out)
    place = site.join("Anna")
    none, other = site.post(f"{place}/1", remark="a thought"), site.judge(place, "1", "perhaps")

    assert (422, 422) == (none.status_code, other.status_code)
    assert "Choose one of the three answers." in read(none)
    assert "a thought" in read(none)
    assert {} == kept(done)["judged"]["Anna"]


def test_the_file_is_private_and_holds_no_patient(done: Replayed) -> None:
    """Hashes of visits, cards, outcomes and answers; a long remark is cut."""
    site = pages(done.out)
    site.judge(site.join("Anna"), "1", "wrong", "y" * 2000)
    text = (done.out / "review.json").read_text("utf-8")

    for name in ("review.json", ".review.lock"):
        assert 0o600 == stat.S_IMODE((done.out / name).stat().st_mode)
    assert {"format", "seed", "asked", "items", "judged", "changed"} == kept(done).keys()
    assert {"id", "visit", "card", "outcome"} == {name for item in kept(done)["items"] for name in item}
    assert {row["visit"] for row in done.rows("visits")} == {item["visit"] for item in kept(done)["items"]}
    assert not {row["patient"] for row in done.rows("visits")} & set(re.findall(r"[0-9a-f]{32}", text))
    assert "p1" not in text
    assert "Secretname" not in text
    assert "y" * 1000 == kept(done)["judged"]["Anna"]["1"]["remark"]


def test_a_review_goes_on_where_it_was(done: Replayed) -> None:
    """Another process finds the same items and answers, and two at a time lose none of each other's."""
    first, second = pages(done.out, sample=4, seed=5), pages(done.out)
    first.judge(first.join("Anna"), "1", "right")
    second.judge(second.join("Ben"), "2", "wrong")
    before = kept(done)
    third = pages(done.out, sample=4, seed=5)

    assert before == kept(done)
    assert {"1": "right"} == {one: given["verdict"] for one, given in before["judged"]["Anna"].items()}
    assert {"2": "wrong"} == {one: given["verdict"] for one, given in before["judged"]["Ben"].items()}
    assert "3 left of 4" in third.text("0/")


def test_what_cannot_be_kept_is_told(done: Replayed, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason, and the answer stands in the form."""
    site = pages(done.out)
    place = site.join("Anna")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keep, "put_json", full)
    answer, name = site.judge(place, "1", "wrong", "dear me"), site.post(name="Ben")

    assert (500, 500) == (answer.status_code, name.status_code)
    assert "Your answer was not saved: No space left on device. Send it again." in read(answer)
    assert "dear me" in read(answer)
    assert "was not saved: No space left on device" in read(name)


def test_a_file_that_is_gone_or_damaged_meanwhile_is_told(done: Replayed) -> None:
    """In one line."""
    site = pages(done.out)
    (done.out / "review.json").write_text("{", "utf-8")
    damaged = site.get()
    (done.out / "review.json").unlink()
    gone = site.get()

    assert (500, 500) == (damaged.status_code, gone.status_code)
    assert damaged.text.endswith("review.json: is not a review written by this version\n")
    assert gone.text.endswith("no review was started in it\n")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"/{SECRET}/", {"host": "evil.example.org"}, 421),
        (f"/{SECRET}/", {"host": "evil.example.org:9999"}, 421),
        (f"/{SECRET}/", {"host": "127.0.0.1:9998"}, 421),
        (f"/{SECRET}/", {"host": "localhost:9999"}, 200),
        ("/", {}, 404),
        ("/another/", {}, 404),
        (f"/{SECRET}x/", {}, 404),
        (f"/{SECRET}", {}, 307),
    ],
)
def test_only_a_browser_on_this_machine_with_the_whole_address_is_answered(
    done: Replayed, path: str, headers: dict[str, str], status: int
) -> None:
    """A name that is made to point here (DNS rebinding) is no address of this page; a path cannot be guessed."""
    assert status == pages(done.out).fetch("GET", path, None, **headers).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.org"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://127.0.0.1:9998"},
        {"origin": "null"},
        {"origin": ""},
    ],
)
def test_a_form_of_another_page_changes_nothing(done: Replayed, headers: dict[str, str]) -> None:
    """It is refused by its Origin, before it is read."""
    site = pages(done.out)
    answer = site.fetch("POST", f"/{SECRET}/", {"name": "Mallory"}, **headers)

    assert (403, {}) == (answer.status_code, kept(done)["judged"])
    assert 303 == site.fetch("POST", f"/{SECRET}/", {"name": "Anna"}, origin=ADDRESS).status_code


def test_a_page_needs_no_script_and_no_network(done: Replayed) -> None:
    """Its policy allows a style sheet and forms of its own; each field has a label; no browser keeps it."""
    site = pages(done.out)
    place = site.join("Anna")
    for path in ("", f"{place}/", f"{place}/1", "result"):
        answer = site.get(path)
        assert "no-store" == answer.headers["cache-control"]
        assert "same-origin" == answer.headers["referrer-policy"]
        assert "default-src 'none'; style-src 'self'" in answer.headers["content-security-policy"]
        assert "script" not in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
        assert not re.findall(r'(?:src|href|action)="(?!/|#)[^"]*"', answer.text)
        fields = re.findall(r'<(?:input|textarea)[^>]* id="(\w+)"', answer.text)
        assert fields == [one for one in fields if f'for="{one}"' in answer.text]
    style = re.findall(r'href="(/assets/site\.css[^"]*)"', site.get().text)[0]

    assert 200 == site.fetch("GET", style).status_code
    assert 404 == site.fetch("GET", "/assets/none.css").status_code
    assert 404 == site.fetch("POST", style, {}).status_code
    assert b"" == site.fetch("HEAD", f"/{SECRET}/").content


def test_what_is_no_request_is_not_answered(done: Replayed) -> None:
    """A WebSocket, or the life of the server."""
    assert [] == pages(done.out).ask({"type": "websocket", "path": f"/{SECRET}/", "headers": []})


def test_a_body_that_is_no_form_of_ours_is_refused(done: Replayed) -> None:
    """Far too large: in one line."""
    answer = pages(done.out).post(name="x" * 70_000)

    assert 413 == answer.status_code


def changed(done: Replayed, export: Path, resources: list[Json], **options: Any) -> tuple[Pages, dict[str, str]]:
    """The review of an export that is another one by now; the reasons by card, or outcome."""
    export.write_text("".join(json.dumps(one) + "\n" for one in resources), "utf-8")
    os.utime(export, (1, 1))
    site = pages(done.out, **options)
    items = {item["id"]: item["card"] or item["outcome"] for item in kept(done)["items"]}
    return site, {items[item]: reason for item, reason in kept(done)["changed"].items()}


def test_a_chart_that_no_longer_gives_its_card_is_said(done: Replayed, tmp_path: Path) -> None:
    """It is left out by name and cannot be judged; the others can; a notice stands on each page."""
    pages(done.out)
    without = [one for one in USUAL if one["id"] != "w1-2"]
    site, reasons = changed(done, tmp_path / "export.ndjson", without)
    place = site.join("Anna")
    (item,) = kept(done)["changed"]

    assert {"neurology-urgent": "the chart no longer gives this card"} == reasons
    assert "The files of the export have changed since the replay." in site.text(f"{place}/")
    assert "Cannot be judged: the chart no longer gives this card" in site.text(f"{place}/")
    assert 404 == site.get(f"{place}/{item}").status_code
    assert f"{len(ids(done)) - 1} left of {len(ids(done)) - 1}" in site.text(f"{place}/")


def test_a_silence_that_is_none_now_is_said(done: Replayed, tmp_path: Path) -> None:
    """A chart that gives a card now, and a patient who is gone."""
    pages(done.out)
    more = [
        *(one for one in USUAL if one["id"] not in ("p3", "e3")),
        twitch("Patient/p4", "t4", recordedDate="2026-10-02"),
    ]
    _, reasons = changed(done, tmp_path / "export.ndjson", more)
    told = kept(done)["changed"].values()

    assert {"gate"} == reasons.keys()
    assert {"the chart gives a card now", "the export no longer holds this patient or this visit"} == set(told)


def test_a_chart_that_is_too_large_now_is_said(done: Replayed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is refused is no answer."""
    pages(done.out)
    monkeypatch.setenv("TWITCH_CDS_MAX_BODY_BYTES", "1024")
    _, reasons = changed(done, tmp_path / "export.ndjson", [one | {"note": [{"text": "x" * 2000}]} for one in USUAL])

    assert {"the call is not answered now"} == set(reasons.values())


def test_new_knowledge_is_said(done: Replayed, tmp_path: Path) -> None:
    """The version of the replay is in its manifest."""
    manifest = done.manifest | {"knowledge": "another"}
    (done.out / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    assert "The clinical knowledge has changed since the replay." in pages(done.out).text()


def test_what_the_export_says_was_deleted_is_not_shown(replay: Replay, tmp_path: Path) -> None:
    """As in the replay."""
    gone = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "Condition/w1-1"}}],
    }
    chart = patient(1, wasting("Patient/p1", recordedDate="2026-11-01"))
    done = replay(ndjson(tmp_path / "a.ndjson", [*chart, gone]), rules_off=False)
    site = pages(done.out)
    place = site.join("Anna")

    assert {} == kept(done)["changed"]
    assert all("M62.50" not in site.text(f"{place}/{item}") for item in ids(done))


@pytest.mark.parametrize("options", [{"as_of": "2026-11-21"}, {"every": 10}])
def test_days_are_reviewed_as_visits_are(replay: Replay, tmp_path: Path, options: Json) -> None:
    """A replay of one day, or of every so many days."""
    given = {name: date.fromisoformat(value) if name == "as_of" else value for name, value in options.items()}
    done = replay(ndjson(tmp_path / "a.ndjson", USUAL), rules_off=False, **given)
    site = pages(done.out)
    place = site.join("Anna")

    assert {} == kept(done)["changed"]
    assert all("Hook patient-view" in site.text(f"{place}/{item}") for item in ids(done))
