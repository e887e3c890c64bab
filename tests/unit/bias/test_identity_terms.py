"""Words that name a group are found as whole words, in any case; a list of one's own takes their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.bias import identity_mentions
from curation.bias.identity_terms import languages, read_terms


def named(text: str, **more: object) -> set[str]:
    return {name for name, column in identity_mentions([text], **more).items() if column[0]}


def test_whole_words_count_in_any_case_and_parts_of_words_do_not() -> None:
    assert named("A MUSLIM family") == {"mentions muslim"}
    assert named("the manual of a blackboard, transported by Indiana") == set()


def test_words_of_several_parts_are_found_across_a_line() -> None:
    assert named("an African\n American writer") == {"mentions black"}
    assert named("an old man") == {"mentions old"}


@pytest.mark.parametrize("language", languages())
def test_every_list_can_be_read_and_finds_its_own_words(language: str) -> None:
    path = Path(__file__).parents[3] / "curation" / "bias" / "terms" / f"{language}.txt"
    for group, words in read_terms(path).items():
        for word in words:
            assert named(f"x {word.upper()} y", language=language), (group, word)


def test_a_list_of_ones_own_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_text("# remark\nnurses: nurse, nurses\n", encoding="utf-8")
    assert named("two Nurses", terms=read_terms(path)) == {"mentions nurses"}


def test_a_line_that_is_no_group_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_text("nurses: nurse\nno group here\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"terms.txt, row 2: expected 'group: word, word, ...', got 'no group here'"):
        read_terms(path)
    with pytest.raises(ValueError, match="language: expected one of de, en, es, got 'xx'"):
        identity_mentions(["a"], language="xx")
