"""What the templates are given: cards as an EHR shows them, the chart beside them, and the call behind them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from cds.call import Engine
from cds.demo.fhir.charts import ChartStore, Resource
from cds.demo.playground import patient_list, record
from cds.demo.playground.choices import FETCH, MOMENTS, OWN, Choices, Wish
from cds.demo.playground.hook_caller import Round, brief, pretty
from cds.demo.playground.looking import Looking, look
from cds.demo.playground.reading import completed, text
from cds.demo.playground.requests import ENCODER, Json
from cds.demo.playground.results import Results
from cds.explain.explain import Why
from cds.web.markdown import rendered

PATIENTS = "/demo/patients/"
UNGROUPED = "On this chart"


class Shown(Struct, frozen=True, kw_only=True):
    """One card, its Markdown made safe HTML."""

    uuid: str
    summary: str
    indicator: str
    detail: Markup
    source: str
    title: str
    evidence: str
    asks: tuple[str, str] | None
    suggestions: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str, str], ...]


class Chosen(Struct, frozen=True):
    """One entry of a list of choices, under its heading."""

    key: str
    label: str
    group: str


class PageContext:
    """Knows what does not change from page to page."""

    def __init__(self, engine: Engine, base: str, choices: Choices) -> None:
        self._choices = choices
        self._base = base
        self._results = Results(engine.knowledge)
        self._titles = {topic.value: entry.title for topic, entry in engine.words.topics.items()}

    def chart(self, resources: tuple[Resource, ...], patient: Resource, today: date) -> dict[str, object]:
        """The clinician's view of one chart."""
        born = text(patient.get("birthDate"))
        return {
            "name": patient_list.name(patient),
            "about": patient_list.about(patient, today),
            "born": born,
            "record": record.read(resources, self._results.is_result),
            "series": self._results.of(resources, completed(born, today)),
        }

    def looking(self, why: Why | None) -> Looking | None:
        """Why an answer is what it is; None if there was none."""
        return look(why, self._titles) if why else None

    def support(self, round_trip: Round, request: Json) -> dict[str, object]:
        """Cards, explanation, request and answer of one call."""
        return {
            "round": round_trip,
            "cards": tuple(self._card(card, _patient(request)) for card in round_trip.cards),
            "looking": self.looking(round_trip.why),
            "suppressed": tuple(
                self._titles.get(suppressed.topic, suppressed.topic) for suppressed in round_trip.suppressed
            ),
            "request": pretty(ENCODER.encode(brief(request))),
            "size": len(ENCODER.encode(request)),
            "endpoint": f"{self._base}/cds-services/{round_trip.service}",
        }

    def moments(self, resources: tuple[Resource, ...], wish: Wish) -> dict[str, object]:
        """The forms of all moments, as far as they were filled in."""
        return {
            "moments": tuple((moment, urlencode(replace(wish, moment=moment).query)) for moment in MOMENTS.values()),
            "wish": wish,
            "problems": tuple(Chosen(key, problem.label, "") for key, problem in self._choices.problem.items()),
            "medicines": (*_own(resources), *self._listed()),
            "swapped": urlencode(_swapped(wish)),
        }

    def curl(self, patient: str, wish: Wish, service: str) -> str:
        """Two commands that repeat a call from a shell."""
        url = f"{self._base}{PATIENTS}{patient}/request.json?{urlencode(wish.query)}"
        return f"curl -s '{url}' |\n  {self._post(service)} -d @-"

    def curl_of_file(self, service: str) -> str:
        """The command that sends a saved request."""
        return f"{self._post(service)} -d @request.json"

    def _post(self, service: str) -> str:
        return f"curl -s {self._base}/cds-services/{service} -H 'Content-Type: application/json'"

    def _listed(self) -> tuple[Chosen, ...]:
        return tuple(Chosen(key, medicine.display, medicine.group) for key, medicine in self._choices.medicine.items())

    def _card(self, card: Mapping[str, Any], patient: str) -> Shown:
        topic = card["source"]["topic"]["code"]
        suggestions, reasons = card.get("suggestions", ()), card.get("overrideReasons", ())
        return Shown(
            uuid=card["uuid"],
            summary=card["summary"],
            indicator=card["indicator"],
            detail=rendered(card.get("detail", "")),
            source=card["source"]["label"],
            title=self._titles.get(topic, topic),
            evidence=f"/evidence/{topic}",
            asks=_launcher(card, patient),
            suggestions=tuple((suggestion["uuid"], suggestion["label"]) for suggestion in suggestions),
            reasons=tuple((reason["code"], reason["system"], reason["display"]) for reason in reasons),
        )


def _patient(request: Json) -> str:
    """The patient of a request that this playground may launch an app for."""
    context = request.get("context")
    patient = context.get("patientId") if isinstance(context, dict) else None
    return patient if isinstance(patient, str) else ""


def _launcher(card: Mapping[str, Any], patient: str) -> tuple[str, str] | None:
    """Where this EHR launches the SMART app that a card links to (CDS Hooks 2.0, Link), and the label."""
    linked = next((link for link in card.get("links", ()) if link["type"] == "smart"), None)
    if linked is None:
        return None
    return f"/demo/launch?{urlencode({'patient': patient, 'appContext': linked['appContext']})}", linked["label"]


def _swapped(wish: Wish) -> dict[str, str]:
    """The same wish with the chart travelling the other way."""
    values = {name: value for name, value in wish.query.items() if name != "data"}
    return values if wish.is_fetched else {**values, "data": FETCH}


def _own(resources: tuple[Resource, ...]) -> tuple[Chosen, ...]:
    """The medicines that stand on the chart as active."""
    return tuple(
        Chosen(f"{OWN}{resource['id']}", record.medicine(resource), UNGROUPED)
        for resource in resources
        if resource["resourceType"] == "MedicationRequest" and resource.get("status") == "active"
    )


def find(store: ChartStore, patient: str) -> tuple[tuple[Resource, ...], Resource] | None:
    """One chart and its Patient; None if there is none."""
    chart = store.charts.get(patient)
    return None if chart is None else (chart, store.of("Patient")[patient])
