"""The allow-list: exact origin, path prefix on whole segments, and nothing that can be read in two ways."""

import string
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds.prefetch.allowed import AllowList, parse

CALM = settings(max_examples=200)
LISTED = "https://ehr.example.org/fhir/r4"
NAMES = st.text(string.ascii_letters + string.digits + "-._~", min_size=1, max_size=8).filter(
    lambda one: one.strip(".")
)


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://ehr.example.org/fhir", "https://ehr.example.org/fhir"),
        ("HTTPS://EHR.Example.ORG:443/fhir/", "https://ehr.example.org/fhir"),
        ("http://ehr.example.org:80", "http://ehr.example.org"),
        ("http://ehr.example.org:/", "http://ehr.example.org"),
        ("http://ehr.example.org:8080/FHIR", "http://ehr.example.org:8080/FHIR"),
        ("http://fhir_server:08080/a%2Bb", "http://fhir_server:8080/a%2Bb"),
        ("http://127.0.0.1:0/fhir", "http://127.0.0.1:0/fhir"),
        ("https://[FD00:0:0::1]:8443/fhir", "https://[fd00::1]:8443/fhir"),
        ("https://[::1]/fhir", "https://[::1]/fhir"),
    ],
)
def test_an_address_has_one_way_to_be_written(url: str, same: str) -> None:
    """Case of scheme and host, default ports and a slash at the end make no difference; the path's case does."""
    found = parse(url)

    assert found is not None
    assert same == found.url


@pytest.mark.parametrize(
    "url",
    [
        *("", "nonsense", "//ehr.example.org/fhir", "ftp://ehr.example.org/", "file:///etc/passwd", "https:///fhir"),
        *("https://user@ehr.example.org/", "https://ehr.example.org@evil.example/", "https://a:b@ehr.example.org/"),
        *("https://ehr.example.org\\@evil.example/", "https://ehr.example.org\\fhir", "https://ehr.example.org/\tfhir"),
        *("https://ehr.example.org/fhir ", " https://ehr.example.org/fhir", "https://ehr.example.org/fhir\n"),
        *("https://ehr.example.org/a/../fhir", "https://ehr.example.org/./fhir", "https://ehr.example.org/fhir/.."),
        *(
            "https://ehr.example.org/%2e%2e/fhir",
            "https://ehr.example.org/.%2E/fhir",
            "https://ehr.example.org/a%2ffhir",
        ),
        *(
            "https://ehr.example.org/a%5cb",
            "https://ehr.example.org/a%252e",
            "https://ehr.example.org/%",
            "http://a/%0d",
        ),
        *(
            "https://ehr.example.org//fhir",
            "https://ehr.example.org/fhir//",
            "https://ehr.example.org//",
            "http://a/;x",
        ),
        *("https://ehr.example.org/..;/fhir", "https://ehr.example.org/fhir?x", "https://ehr.example.org/fhir#x"),
        *(
            "https://ehr.example.org:65536/",
            "https://ehr.example.org:x/",
            "https://ehr.example.org:-1/",
            "http://a:1:2/",
        ),
        *("https://ehr.example.org./fhir", "https://.example.org/", "https://a..b/", "https://[::1/", "https://[x]/"),
        *("https://[fe80::1%25eth0]/", "https://[1.2.3.4]/", "https://ehr.exämple.org/", "https://ehr.example.org/ä"),
        *("https://ehr.example.org/{x}", "https://ehr%2eexample.org/", 'https://ehr.example.org/"', "http://[::1]x/"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(url: str) -> None:
    """Users, dot segments, encoded or doubled separators, backslashes, blanks, queries, odd hosts and ports."""
    assert parse(url) is None
    assert AllowList([LISTED]).find(url, None) is None


@pytest.mark.parametrize(
    ("server", "allowed"),
    [
        ("https://ehr.example.org/fhir/r4", True),
        ("https://EHR.example.org:443/fhir/r4/", True),
        ("https://ehr.example.org/fhir/r4/hospital-a", True),
        ("https://ehr.example.org/fhir/r4b", False),
        ("https://ehr.example.org/fhir/R4", False),
        ("https://ehr.example.org/fhir", False),
        ("https://ehr.example.org/", False),
        ("http://ehr.example.org/fhir/r4", False),
        ("https://ehr.example.org:444/fhir/r4", False),
        ("https://ehr.example.org.evil.example/fhir/r4", False),
        ("https://evil.example/https://ehr.example.org/fhir/r4", False),
        (None, False),
        ("", False),
    ],
)
def test_a_server_is_allowed_by_origin_and_path(server: str | None, allowed: bool) -> None:
    """A prefix ends at a segment; another scheme, host or port is another server."""
    found = AllowList(["https://other.example.org", LISTED]).find(server, None)

    assert allowed == (found is not None)
    assert found is None or LISTED == found[0].url


@pytest.mark.parametrize(
    ("narrowed", "allowed"),
    [
        (None, True),
        ([LISTED], True),
        (["https://ehr.example.org"], True),
        ([f"{LISTED}/a"], False),
        ([], False),
        (["?"], False),
    ],
)
def test_a_client_can_only_be_narrowed(narrowed: list[str] | None, allowed: bool) -> None:
    """Both lists have to cover the server."""
    assert allowed == (AllowList([LISTED]).find(LISTED, narrowed) is not None)
    assert AllowList([]).find(LISTED, narrowed) is None


@pytest.mark.parametrize(
    ("link", "resolved"),
    [
        ("https://ehr.example.org/fhir/r4?_getpages=1&x=a|b", "https://ehr.example.org/fhir/r4?_getpages=1&x=a|b"),
        (
            "https://EHR.example.org:443/fhir/r4/Condition?page=2",
            "https://EHR.example.org:443/fhir/r4/Condition?page=2",
        ),
        ("Condition?page=2", "https://ehr.example.org/fhir/r4/Condition?page=2"),
        ("?page=2", "https://ehr.example.org/fhir/r4/Condition?page=2"),
        ("/fhir/r4/Condition?page=2", "https://ehr.example.org/fhir/r4/Condition?page=2"),
        ("/fhir/other", None),
        ("../r5/Condition", None),
        ("//evil.example/fhir/r4", None),
        ("https://evil.example/fhir/r4", None),
        ("http://ehr.example.org/fhir/r4", None),
        ("https://ehr.example.org/fhir/r4/%2e%2e/admin", None),
        ("https://u@ehr.example.org/fhir/r4", None),
        ("https://ehr.example.org/fhir/r4?a#b", None),
        ("https://ehr.example.org/fhir/r4?a b", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_link_stays_on_the_base(link: str, resolved: str | None) -> None:
    """Relative and absolute links are resolved; what leads off the base is no link."""
    base = parse(LISTED)

    assert base is not None
    assert resolved == base.resolve(link, f"{LISTED}/Condition?patient=1")


def test_an_unusable_address_cannot_be_listed() -> None:
    """A list is usable as a whole or not at all."""
    with pytest.raises(ValueError, match="user@"):
        AllowList([LISTED, "https://user@ehr.example.org"])


@CALM
@given(st.text(max_size=60) | st.builds(lambda tail: LISTED + tail, st.text(string.printable, max_size=20)))
def test_whatever_is_allowed_is_on_the_origin(text: str) -> None:
    """No text gets past the list except to the listed origin, at or below the path, by any reader of addresses."""
    found = AllowList([LISTED]).find(text, None)

    if found is not None:
        parts = urlsplit(text)
        assert ("https", "ehr.example.org", None) == (parts.scheme, parts.hostname, parts.username)
        assert f"{parts.path}/".startswith("/fhir/r4/")
        assert parts.port in (None, 443)


@CALM
@given(st.lists(NAMES, max_size=4), st.lists(NAMES, max_size=3))
def test_below_is_allowed_and_beside_is_not(path: list[str], below: list[str]) -> None:
    """Every base allows itself and what stands below; a longer name of the last segment is another server."""
    base = "/".join(["https://ehr.example.org", *path])
    listed = AllowList([base])

    assert listed.find("/".join([base, *below]), None) is not None
    assert listed.find(base + "/", None) is not None
    assert not path or listed.find(base + "x", None) is None


@CALM
@given(st.text(max_size=30), st.text(max_size=30))
def test_a_link_that_resolves_is_on_the_base(link: str, query: str) -> None:
    """Whatever a page says, the next request goes to the same server."""
    base = parse(LISTED)
    assert base is not None
    for made in (link, f"{LISTED}{link}", f"{LISTED}/Condition?{query}"):
        found = base.resolve(made, f"{LISTED}/Condition")

        assert found is None or f"{urlsplit(found).path}/".startswith("/fhir/r4/")
        assert found is None or "ehr.example.org" == urlsplit(found).hostname
