"""SMART scopes, v1 and v2: what they grant, and nothing more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds.prefetch.scopes import READ, SEARCH, Access, Grants

CALM = settings(max_examples=200)
KINDS = st.sampled_from(["Patient", "Observation", "Condition"])
CONTEXTS = st.sampled_from(["patient", "user", "system"])
FULL, PART, NONE = Access.FULL, Access.PART, Access.NONE


@pytest.mark.parametrize(
    ("scope", "read", "search"),
    [
        ("patient/Observation.read", FULL, FULL),
        ("patient/Observation.*", FULL, FULL),
        ("patient/*.*", FULL, FULL),
        ("user/*.read", FULL, FULL),
        ("system/Observation.rs", FULL, FULL),
        ("patient/Observation.cruds", FULL, FULL),
        ("patient/Observation.r", FULL, NONE),
        ("patient/Observation.s", NONE, FULL),
        ("patient/Observation.r patient/Observation.s", FULL, FULL),
        ("patient/Observation.cud", NONE, NONE),
        ("patient/Observation.write", NONE, NONE),
        ("patient/Condition.read", NONE, NONE),
        ("patient/Observation.sr", NONE, NONE),
        ("patient/Observation.readonly patient/Condition.rs", NONE, NONE),
        ("patient/observation.read", NONE, NONE),
        ("patient/Observation.rs?category=laboratory", PART, PART),
        ("patient/Observation.rs?category=laboratory patient/*.rs", FULL, FULL),
        ("patient/Observation.rs?category=laboratory patient/Observation.r", FULL, PART),
        ("patient/Observation.rs?", PART, PART),
        ("", FULL, FULL),
        ("openid fhirUser launch/patient offline_access", FULL, FULL),
        ("openid patient/Condition.rs", NONE, NONE),
        ("patient/Observation", FULL, FULL),
        ("https://ehr.example.org/patient/Observation.read", FULL, FULL),
    ],
)
def test_a_scope_grants_what_it_says(scope: str, read: Access, search: Access) -> None:
    """v1's read is to read and search; v2 names each; a filter makes it a part; no resource scope decides nothing."""
    grants = Grants(scope)

    assert (read, search) == (grants.of("Observation", READ), grants.of("Observation", SEARCH))


@CALM
@given(CONTEXTS, KINDS, KINDS, st.sets(st.sampled_from("cruds")))
def test_v2_grants_letter_by_letter(context: str, named: str, asked: str, letters: set[str]) -> None:
    """Whatever the letters, a type is granted as far as it is named with them."""
    may = "".join(letter for letter in "cruds" if letter in letters)
    grants = Grants(f"launch {context}/{named}.{may} patient/Encounter.rs")
    expected = {how: FULL if named == asked and how in letters else NONE for how in (READ, SEARCH)}

    assert expected == {how: grants.of(asked, how) for how in (READ, SEARCH)}


@CALM
@given(st.lists(st.builds("{}/{}.{}".format, CONTEXTS, KINDS, st.sampled_from(["read", "rs", "r", "write"]))), KINDS)
def test_more_scopes_never_grant_less(scopes: list[str], kind: str) -> None:
    """Each further scope adds, and their order does not matter."""
    for end in range(2, len(scopes) + 1):
        fewer, more = Grants(" ".join(scopes[: end - 1])), Grants(" ".join(scopes[:end]))

        assert fewer.of(kind, READ) <= more.of(kind, READ)
    assert Grants(" ".join(scopes)).of(kind, READ) is Grants(" ".join(reversed(scopes))).of(kind, READ)


@CALM
@given(st.text(max_size=50), KINDS)
def test_no_text_breaks_it(scope: str, kind: str) -> None:
    """Any text is a scope string; what it does not name clearly, it does not grant in part."""
    assert Grants(scope).of(kind, READ) in Access
    assert Grants(f"patient/Basic.rs {scope.replace('/', '')}").of(kind, READ) is NONE
