"""Text of the chart in Markdown: it reads as it was written and does nothing."""

import html
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cards.markdown import LIMIT, escape, plain

HOSTILE = st.text(
    alphabet=st.sampled_from("aW w.:/@<>&\\`*_[]{}()#+-=!|~$1\n\t\r\u202e\u200b\u2028\x00é"), max_size=40
) | st.sampled_from(["http://", "https://", "www.", "WWW.", "mailto:a", "a@b.c", "<img onerror=x>", "![x](y)"])
TEXTS = st.lists(HOSTILE | st.text(max_size=30), max_size=8).map("".join)


def unescaped(markdown: str) -> str:
    """What a GFM renderer shows: backslash escapes and entities resolved."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown))


@given(TEXTS)
@example("_www.evil.example")
@example("www\u200b.evil.example")
@example("www.1")
@example("see example.org//1.x")
def test_no_link_is_made(text: str) -> None:
    """Neither addresses, nor www names, nor e-mail addresses can be recognised as links."""
    shown = unescaped(escape(text)).lower()

    assert "//" not in shown
    assert "www." not in shown
    assert re.search(r"\w\.[^\W\d_]{2}", shown) is None
    assert re.search(r"@\S", shown) is None
    assert re.search(r"(mailto|xmpp):\S", shown) is None


@given(TEXTS)
def test_no_html_is_made(text: str) -> None:
    """No angle bracket is left, and an ampersand only begins one of our own entities."""
    escaped = escape(text)

    assert "<" not in escaped
    assert ">" not in escaped
    assert re.search(r"&(?!(amp|lt|gt);)", escaped) is None


@given(TEXTS)
def test_no_markup_is_made(text: str) -> None:
    """Every character that means something to Markdown stands behind a backslash."""
    without_escapes = re.sub(r"\\[!-/:-@\[-`{-~]", "", escape(text))

    assert re.search(r"[\\`*_\[\]{}~|$]", without_escapes) is None


@given(TEXTS)
def test_no_block_is_begun(text: str) -> None:
    """A line cannot begin as a list, a heading, a quotation or a rule."""
    assert re.match(r"([-+>#=]|\d+[.)](\s|$)|\s)", escape(text)) is None


@given(TEXTS)
def test_it_is_one_line_of_visible_characters(text: str) -> None:
    """Line breaks, control characters, surrogates and bidi overrides are gone."""
    escaped = escape(text)

    assert len(escaped.splitlines()) <= 1
    assert not [character for character in escaped if unicodedata.category(character).startswith("C")]


@given(st.text(alphabet=st.characters(whitelist_categories=["L", "Nd"]), max_size=LIMIT))
def test_words_are_left_as_they_are(text: str) -> None:
    """Letters and digits of any script are not touched."""
    assert text == escape(text) or "www" in text.lower()


@given(st.text(max_size=400), st.integers(min_value=1, max_value=300))
def test_it_is_never_longer_than_asked(text: str, limit: int) -> None:
    """The cap counts the characters that are shown."""
    assert len(plain(text, limit)) <= limit


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("25-OH vitamin D", "25-OH vitamin D"),
        ("2.3 mmol/L", "2.3 mmol/L"),
        ("limit &lt; 2.5", "limit < 2.5"),
        ("weak \\*arm\\*", "weak\n *arm*"),
        ("\\# heading", "# heading"),
        ("\\- item", "- item"),
        ("1\\. item", "1. item"),
        ("1\\)", "1)"),
        ("2.5", "2.5"),
        ("\\[x\\](http:/ /evil. example)", "[x](http://evil.example)"),
        ("a@ b. com", "a@b.com"),
        ("AT&amp;T", "AT&T"),
        ("\\===", "==="),
        ("a = b # c!", "a = b # c!"),
        ("&lt;= 2.5 or &gt; 3", "<= 2.5 or > 3"),
        ("", "\x00\u202e"),
        ("a b", "  a  b  "),
        ("Muskelzucken ä", "Muskelzucken\u00a0ä"),
    ],
)
def test_text_reads_as_written(expected: str, text: str) -> None:
    """Ordinary text stays readable; markup is shown, not obeyed."""
    assert expected == escape(text)


def test_long_text_is_cut_with_an_ellipsis() -> None:
    """What is cut is marked as cut."""
    assert "aaaa…" == escape("a" * 9, 5)
    assert "aaaaa" == escape("a" * 5, 5)
    assert "aaaaa" == plain("a" * 5, 5)
    assert "aaa…" == plain("aaa bbb", 5)
    assert "a" * 199 + "…" == escape("a" * 201)
