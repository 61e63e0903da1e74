"""Bodies from which most is made in memory: as many small things as the limits let pass, where rules read."""

from collections.abc import Callable

import payloads

MOST = 16 * 2**20 - 4096
TWITCH = (
    '{"resourceType":"Condition","subject":{"reference":"Patient/p"},"clinicalStatus":{"coding":[{"code":"active"}]},'
    '"code":{"text":"Muscle twitching"},"onsetDateTime":"2026-10-01"}'
)
START = (
    '{"hook":"patient-view","hookInstance":"0b0e4c1a-3d6f-4a8e-9c55-1f2e3d4c5b6a","context":{"userId":"Practitioner/1",'
    '"patientId":"p"},"prefetch":{"patient":{"resourceType":"Patient","id":"p"},"conditions":'
)
OBSERVED = '{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/p"},'
PROBLEM = '{"resourceType":"Condition","subject":{"reference":"Patient/p"},'
VALUES, RESOURCES = 47, 19_900  # of a resource, and of a request: just within TWITCH_CDS_MAX_ENTRIES


def _chart(key: str, resource: str, most: int = 10**6) -> bytes:
    """A twitching patient with as many of one resource as fit."""
    entry = f'{{"resource":{resource}}}'
    listed = ",".join([entry] * min(most, MOST // (len(entry) + 1)))
    problems = f'{{"resourceType":"Bundle","entry":[{{"resource":{TWITCH}}}'
    if key == "conditions":
        return f"{START}{problems},{listed}]}}}}}}".encode()
    return f'{START}{problems}]}},"{key}":{{"resourceType":"Bundle","entry":[{listed}]}}}}}}'.encode()


def _many(value: str, count: int = VALUES) -> str:
    return ",".join([value] * count)


BODIES: dict[str, Callable[[], bytes]] = {
    "an ordinary chart of 16 MB, silent": lambda: payloads.request(payloads.SILENT, 10_000),
    "the same, firing": lambda: payloads.request(payloads.FIRING, 10_000),
    "one text of 16 MB": lambda: _chart("labs", OBSERVED + '"code":{"text":"' + r"\u00e9" * (MOST // 6 - 200) + '"}}'),
    "one narrative of 16 MB": lambda: _chart(
        "labs", OBSERVED + '"text":{"div":"' + r"<b>\n" * (MOST // 5 - 200) + '"}}'
    ),
    "nearly a million empty extensions": lambda: _chart("labs", f'{OBSERVED}"extension":[{_many("{}")}]}}', RESOURCES),
    "400,000 bare resources": lambda: _chart("labs", '{"resourceType":"Observation"}'),
    "texts of 20 letters": lambda: _chart("labs", OBSERVED + '"code":{"text":"' + r"\u00e9" * 20 + '"}}'),
    "nearly a million codes of problems": lambda: _chart(
        "conditions", f'{PROBLEM}"code":{{"coding":[{_many("{}")}]}}}}', RESOURCES
    ),
    "nearly a million parts of panels": lambda: _chart("labs", f'{OBSERVED}"component":[{_many("{}")}]}}', RESOURCES),
}
WORST = "nearly a million parts of panels"
