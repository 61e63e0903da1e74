"""The body of feedback: the sandbox's own words, every defect by its place, and nothing half-read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds.account import FeedbackItem
from cds.errors import (
    BadFeedback,
    CallError,
    DuplicateName,
    MalformedJson,
    NonFiniteNumber,
    NotUtf8,
    TooDeep,
    TooMuchFeedback,
)
from cds.hooks.feedback import read

WHEN = "2026-11-22T06:55:49.404Z"
ACCEPTED: dict[str, Any] = {
    "card": "o1",
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": "os1"}],
    "outcomeTimestamp": WHEN,
}
OVERRIDDEN: dict[str, Any] = {"card": "s1", "outcome": "overridden", "outcomeTimestamp": WHEN}


def body(*items: object) -> bytes:
    """A request with these items."""
    return json.dumps({"feedback": items}).encode()


def one(**changes: object) -> FeedbackItem:
    """The overridden item with changes, read."""
    (item,) = read(body(OVERRIDDEN | changes))
    return item


def refused(request: bytes) -> str:
    """What is said about a request that is refused."""
    with pytest.raises(BadFeedback) as caught:
        read(request)
    assert caught.value.text.endswith(
        "Nothing was stored. See the CDS Hooks 2.0 feedback endpoint, and send all items again."
    )
    return caught.value.text.partition(". Nothing")[0].removeprefix("The feedback's ")


def test_the_sandbox_accepts_a_suggestion() -> None:
    """Its recorded body, to the letter."""
    recorded = (
        b'{"feedback":[{"card":"o1","outcome":"accepted","acceptedSuggestions":[{"id":"os1"}],'
        b'"outcomeTimestamp":"2026-11-22T06:55:49.404Z"}]}'
    )

    assert (
        FeedbackItem(
            card="o1",
            outcome="accepted",
            at=datetime(2026, 11, 22, 6, 55, 49, 404000, UTC),
            timestamp=WHEN,
            suggestions=("os1",),
        ),
    ) == read(recorded)


def test_the_sandbox_overrides_with_a_reason() -> None:
    """Its recorded body: the Coding has no display."""
    recorded = (
        b'{"feedback":[{"card":"s1","outcome":"overridden","outcomeTimestamp":"2026-11-22T06:55:49.404Z",'
        b'"overrideReason":{"reason":{"code":"r2","system":"urn:reasons"}}}]}'
    )

    (item,) = read(recorded)
    assert ("overridden", "r2", "urn:reasons", None, ()) == (
        item.outcome,
        item.reason_code,
        item.reason_system,
        item.comment,
        item.suggestions,
    )


def test_the_sandbox_dismisses() -> None:
    """Without any reason."""
    item = one()

    assert ("s1", None, None, None) == (item.card, item.reason_code, item.reason_system, item.comment)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (None, (None, None, None)),
        ({}, (None, None, None)),
        ({"reason": None, "userComment": None}, (None, None, None)),
        ({"userComment": ""}, (None, None, None)),
        ({"userComment": "\0"}, (None, None, None)),
        ({"userComment": "known\nsince\0 May 😀"}, (None, None, "known\nsince May 😀")),
        ({"reason": {"display": "No code"}}, (None, None, None)),
        ({"reason": {"code": "r", "display": 5, "version": []}, "other": 1}, ("r", None, None)),
        ({"reason": {"code": "r", "system": "s" * 1000}, "userComment": "c" * 4000}, ("r", "s" * 1000, "c" * 4000)),
    ],
)
def test_a_reason_may_lack_anything(reason: object, expected: tuple[str | None, ...]) -> None:
    """Code, system, comment; what is unknown or null is ignored."""
    item = one(overrideReason=reason)

    assert expected == (item.reason_code, item.reason_system, item.comment)


def test_what_belongs_to_the_other_outcome_is_not_read() -> None:
    """Even if it is malformed."""
    accepted, overridden = read(body(ACCEPTED | {"overrideReason": 5}, OVERRIDDEN | {"acceptedSuggestions": 5}))

    assert (None, ()) == (accepted.comment, overridden.suggestions)


def test_several_items_come_in_their_order_and_repeats_stay() -> None:
    """Whether one is known is for the store to say."""
    assert ["s1", "o1", "s1"] == [item.card for item in read(body(OVERRIDDEN, ACCEPTED, OVERRIDDEN))]


def test_several_suggestions_are_accepted() -> None:
    """With whatever else an EHR says of them."""
    suggestions = [{"id": "a", "label": "A"}, {"id": "b,c"}]

    (item,) = read(body(ACCEPTED | {"acceptedSuggestions": suggestions}))
    assert ("a", "b,c") == item.suggestions


def test_no_items_are_no_error() -> None:
    """There is nothing to keep."""
    assert () == read(body())


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2026-11-22T06:55:49Z", datetime(2026, 11, 22, 6, 55, 49, 0, UTC)),
        ("2026-11-22t06:55:49.4z", datetime(2026, 11, 22, 6, 55, 49, 400000, UTC)),
        ("2026-11-22T06:55:49.123456789Z", datetime(2026, 11, 22, 6, 55, 49, 123456, UTC)),
        ("2026-11-22T06:55:49.404+05:45", datetime(2026, 11, 22, 1, 10, 49, 404000, UTC)),
        ("2026-11-21T23:00:00-08:00", datetime(2026, 11, 22, 7, 0, 0, 0, UTC)),
        ("2026-11-22T06:55:49-00:00", datetime(2026, 11, 22, 6, 55, 49, 0, UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, 0, UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, 0, 0, 0, 0, UTC)),
    ],
)
def test_any_moment_of_rfc_3339_becomes_utc(timestamp: str, expected: datetime) -> None:
    """And is kept as it was sent, too."""
    item = one(outcomeTimestamp=timestamp)

    assert (expected, UTC, timestamp) == (item.at, item.at.tzinfo, item.timestamp)


@given(st.datetimes(timezones=st.timezones()))
def test_what_python_writes_is_read(moment: datetime) -> None:
    """Any date with any whole offset comes out as the same moment, or is not a valid date and time in UTC."""
    offset = moment.utcoffset()
    assert offset is not None
    text = moment.isoformat()
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        expected = None
    if offset.total_seconds() % 60 or expected is None:
        with pytest.raises(BadFeedback):
            one(outcomeTimestamp=text)
    else:
        assert expected == one(outcomeTimestamp=text).at


@pytest.mark.parametrize(
    "timestamp",
    [
        "2026-11-22",
        "2026-11-22T06:55:49",
        "2026-11-22 06:55:49Z",
        "2026-11-22T06:55Z",
        "2026-11-22T06:55:49+0100",
        "2026-11-22T06:55:49+25:00",
        "2026-11-22T06:55:49.Z",
        "٢٠٢٦-11-22T06:55:49Z",
        "yesterday",
        "2026-11-22T06:55:49Z ",
    ],
)
def test_what_is_no_rfc_3339_is_refused(timestamp: str) -> None:
    """A date alone, no offset, other digits."""
    said = (
        "`feedback[0].outcomeTimestamp` is not an RFC 3339 date and time with an offset, "
        "such as 2026-11-22T06:55:49.404Z"
    )

    assert said == refused(body(OVERRIDDEN | {"outcomeTimestamp": timestamp}))


@pytest.mark.parametrize(
    "timestamp",
    [
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T06:55:61Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_no_calendar_has_is_refused(timestamp: str) -> None:
    """30 February, hour 24, the year 0, a moment before the first."""
    assert "`feedback[0].outcomeTimestamp` is not a valid date and time" == refused(
        body(OVERRIDDEN | {"outcomeTimestamp": timestamp})
    )


LACKING = [
    {name: value for name, value in ACCEPTED.items() if name != missing}
    for missing in ("card", "outcome", "outcomeTimestamp")
]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (LACKING[0], "`feedback[1].card` is missing"),
        (LACKING[1], "`feedback[1].outcome` is missing"),
        (LACKING[2], "`feedback[1].outcomeTimestamp` is missing"),
        (OVERRIDDEN | {"card": ""}, "`feedback[1].card` is missing"),
        (OVERRIDDEN | {"card": None}, "`feedback[1].card` is missing"),
        (OVERRIDDEN | {"card": 5}, "`feedback[1].card` must be a string"),
        (OVERRIDDEN | {"card": {"id": "c"}}, "`feedback[1].card` must be a string"),
        (OVERRIDDEN | {"card": "c" * 256}, "`feedback[1].card` is longer than 255 characters"),
        (OVERRIDDEN | {"card": "c\0"}, "`feedback[1].card` holds characters that cannot be printed"),
        (OVERRIDDEN | {"card": "c\n"}, "`feedback[1].card` holds characters that cannot be printed"),
        (OVERRIDDEN | {"outcome": "ignored"}, "`feedback[1].outcome` is neither accepted nor overridden"),
        (OVERRIDDEN | {"outcome": "Accepted"}, "`feedback[1].outcome` is neither accepted nor overridden"),
        (OVERRIDDEN | {"outcome": True}, "`feedback[1].outcome` must be a string"),
        (OVERRIDDEN | {"outcomeTimestamp": 1763794549}, "`feedback[1].outcomeTimestamp` must be a string"),
        (OVERRIDDEN | {"overrideReason": "r2"}, "`feedback[1].overrideReason` must be a JSON object"),
        (OVERRIDDEN | {"overrideReason": []}, "`feedback[1].overrideReason` must be a JSON object"),
        (
            OVERRIDDEN | {"overrideReason": {"reason": "r2"}},
            "`feedback[1].overrideReason.reason` must be a JSON object",
        ),
        (
            OVERRIDDEN | {"overrideReason": {"reason": {"code": 2}}},
            "`feedback[1].overrideReason.reason.code` must be a string",
        ),
        (
            OVERRIDDEN | {"overrideReason": {"reason": {"system": "s" * 1001}}},
            "`feedback[1].overrideReason.reason.system` is longer than 1000 characters",
        ),
        (
            OVERRIDDEN | {"overrideReason": {"userComment": ["x"]}},
            "`feedback[1].overrideReason.userComment` must be a string",
        ),
        (
            OVERRIDDEN | {"overrideReason": {"userComment": "c" * 4001}},
            "`feedback[1].overrideReason.userComment` is longer than 4000 characters",
        ),
        (
            ACCEPTED | {"acceptedSuggestions": []},
            "`feedback[1].acceptedSuggestions` is missing or empty, though the outcome is accepted",
        ),
        (
            ACCEPTED | {"acceptedSuggestions": None},
            "`feedback[1].acceptedSuggestions` is missing or empty, though the outcome is accepted",
        ),
        (ACCEPTED | {"acceptedSuggestions": "os1"}, "`feedback[1].acceptedSuggestions` must be an array"),
        (ACCEPTED | {"acceptedSuggestions": {"id": "os1"}}, "`feedback[1].acceptedSuggestions` must be an array"),
        (ACCEPTED | {"acceptedSuggestions": ["os1"]}, "`feedback[1].acceptedSuggestions[0]` must be a JSON object"),
        (ACCEPTED | {"acceptedSuggestions": [{"id": "a"}, {}]}, "`feedback[1].acceptedSuggestions[1].id` is missing"),
        (ACCEPTED | {"acceptedSuggestions": [{"id": 1}]}, "`feedback[1].acceptedSuggestions[0].id` must be a string"),
        (
            ACCEPTED | {"acceptedSuggestions": [{"id": "a"}] * 101},
            "`feedback[1].acceptedSuggestions` holds more than 100 items",
        ),
        (5, "`feedback[1]` must be a JSON object"),
        ([OVERRIDDEN], "`feedback[1]` must be a JSON object"),
        (None, "`feedback[1].card` is missing"),
    ],
)
def test_each_defect_is_named_by_its_place(item: object, said: str) -> None:
    """One bad item spoils the request, whatever good ones stand beside it."""
    assert said == refused(body(OVERRIDDEN, item, OVERRIDDEN))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (b"{}", "`feedback` is missing"),
        (b'{"feedback":null}', "`feedback` is missing"),
        (b'{"feedback":{}}', "`feedback` must be an array"),
        (b'{"feedback":"x"}', "`feedback` must be an array"),
        (b"[]", "`body` must be a JSON object"),
        (json.dumps(OVERRIDDEN).encode(), "`feedback` is missing"),
    ],
)
def test_a_body_without_an_array_of_items_is_refused(request_: bytes, said: str) -> None:
    """A bare item too, as one client's own test sends it."""
    assert said == refused(request_)


def test_missing_and_malformed_are_told_apart() -> None:
    """By the code of the OperationOutcome."""
    with pytest.raises(BadFeedback) as missing:
        read(body({}))
    with pytest.raises(BadFeedback) as malformed:
        read(body(5))

    assert ("required", "structure") == (missing.value.code, malformed.value.code)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (b"", MalformedJson),
        (b'{"feedback":[', MalformedJson),
        (b'{"feedback":[],"feedback":[]}', DuplicateName),
        (b'{"feedback":[{"card":"a","card":"b"}]}', DuplicateName),
        (
            body(OVERRIDDEN | {"overrideReason": {"reason": {"code": "a"}}}).replace(b'"code"', b'"code": "b", "code"'),
            DuplicateName,
        ),
        (b'{"feedback":[],"x":"\xff"}', NotUtf8),
        (b'{"feedback":[{"card":"\xc3"}]}', NotUtf8),
        (b'{"feedback":[{"card":NaN}]}', NonFiniteNumber),
        (b'{"feedback":1e999}', NonFiniteNumber),
        (b'{"feedback":' + b"[" * 100_000, TooDeep),
        (b'{"feedback":[{"card":"\\ud800"}]}', CallError),
        (b'{"feedback":[{"card":1e999}]}', CallError),
    ],
)
def test_what_is_no_good_json_is_refused_as_everywhere(request_: bytes, error: type[CallError]) -> None:
    """By the same rules as a hook call."""
    with pytest.raises(error) as caught:
        read(request_)

    assert 400 == caught.value.status


def test_a_thousand_items_are_taken_and_one_more_is_too_much() -> None:
    """413, and nothing is kept."""
    assert 1000 == len(read(body(*[OVERRIDDEN] * 1000)))
    with pytest.raises(TooMuchFeedback) as caught:
        read(body(*[OVERRIDDEN] * 1001))
    assert 413 == caught.value.status


def read_or_status(request: bytes) -> tuple[FeedbackItem, ...] | int:
    """The items, or the status of the refusal; any other error fails the test."""
    try:
        return read(request)
    except CallError as error:
        return error.status


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*ACCEPTED, "overrideReason", "reason", "userComment", "id", "feedback"])


@given(changes=st.dictionaries(FIELDS, JSON, max_size=3), item=st.sampled_from([ACCEPTED, OVERRIDDEN]))
def test_any_item_is_read_or_refused(changes: dict[str, object], item: dict[str, Any]) -> None:
    """Never anything else; and whatever is read can be kept: no character 0, nothing too long."""
    found = read_or_status(body(item | changes))
    if found == 400:
        return
    assert isinstance(found, tuple)
    for one in found:
        words = (
            one.card,
            *one.suggestions,
            one.reason_code or "",
            one.reason_system or "",
            one.comment or "",
        )
        assert not any("\0" in word for word in words)
        assert len(one.card) <= 255


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(request_: bytes) -> None:
    """Never anything else."""
    found = read_or_status(request_)

    assert found == 400 or isinstance(found, tuple)
