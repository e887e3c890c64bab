"""How numbers, counts and times are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.report.parts import Measurement
from curation.report.wording import clip, clip_pieces, count, interval, moment, number, pieces, printable, significance


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.78049, "0.780"),
        (1, "1.00"),
        (0, "0"),
        (-0.05, "-0.0500"),
        (12.34, "12.3"),
        (123.4, "123"),
        (999.6, "1,000"),
        (12345.6, "12,346"),
        (0.00001234, "1.23e-05"),
        (None, "not measured"),
        (float("nan"), "not measured"),
        (float("-inf"), "not measured"),
    ],
)
def test_numbers_have_three_significant_digits(value: float | None, written: str) -> None:
    assert number(value) == written


@given(st.floats(0.0001, 1e9))
def test_a_written_number_is_within_half_a_percent(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.0051)


def test_intervals_stand_in_brackets() -> None:
    assert interval(Measurement(value=0.78, low=0.7, high=0.851)) == "0.780 [0.700, 0.851]"
    assert interval(Measurement(value=0.78, low=None, high=None)) == "0.780 (no interval)"
    assert interval(None) == "not measured"


def test_counts_take_their_noun() -> None:
    assert [count(n, "record") for n in (0, 1, 1200)] == ["0 records", "1 record", "1,200 records"]


def test_tiny_p_values_are_not_written_as_zero() -> None:
    assert [significance(p) for p in (0.0, 0.0004, 0.04, None)] == ["< 0.001", "< 0.001", "0.0400", "not measured"]


def test_times_are_written_in_utc_and_anything_else_stays() -> None:
    assert moment("2026-03-01T15:05:09+01:00") == "2026-03-01 14:05 UTC"
    assert moment("yesterday") == "yesterday"


@given(st.text(), st.integers(1, 50))
def test_a_clipped_text_is_never_longer_than_asked(text: str, length: int) -> None:
    assert len(clip(text, length)) <= length or clip(text, length) == text[:length]
    assert clip(text, len(text) or 1) == text


@given(st.text())
def test_the_pieces_of_a_name_make_up_the_name(name: str) -> None:
    assert "".join(pieces(name)) == name


@given(st.text(st.characters(codec=None)))
def test_what_is_printable_can_be_written_and_stays_as_it_is(text: str) -> None:
    once = printable(text)
    once.encode()
    assert printable(once) == once
    assert len(once) == len(text)


@given(st.lists(st.tuples(st.text("ab ", min_size=1), st.integers(-3, 3))), st.integers(1, 30))
def test_a_text_in_pieces_is_cut_where_the_text_is(marked: list[tuple[str, int]], length: int) -> None:
    text, cut = "".join(piece for piece, _ in marked), clip_pieces(marked, length)
    said = "".join(piece for piece, _ in cut)
    assert (
        (said == text)
        if len(text) <= length
        else (len(said) <= length + 1 and said.endswith("\N{HORIZONTAL ELLIPSIS}"))
    )
    assert all(level == before for (_, level), (_, before) in zip(cut, marked, strict=False))
