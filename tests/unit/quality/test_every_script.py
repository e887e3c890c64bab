"""Different texts are different, in every script; the same text is the same however it is typed."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.quality import canonical_text as module
from curation.quality.canonical_text import canonical_text
from curation.quality.duplicates import near_duplicates
from curation.quality.text_stream import streamed_copies
from training import embed

DIFFERENT = {
    "languages": ["C", "C++", "C#", "C--=", "F#", "F"],
    "languages in a sentence": [f"How do I cast a pointer in {x}?" for x in ("C", "C++", "C#")],
    "faces": ["😀", "😍", "🎉", "😭", "🤬"],
    "faces of punctuation": ["I got the job :)", "I got the job :(", "I got the job ;)"],
    "other faces of punctuation": ["I got it =)", "I got it =("],
    "reactions": ["👍", "👎", "❤️", "💔", "👀"],
    "marks": ["+1", "-1", "1", "#1", "@1", "~1", "✓", "✗"],
    "brackets around nothing": ["What does [] do?", "What does {} do?", "What does () do?", "What does do?"],
    "skin tones": ["👍", "👍🏻", "👍🏽", "👍🏿"],
    "joined emoji": ["👩\u200d💻", "👨\u200d💻", "👩\u200d🚀", "👨\u200d👩\u200d👧"],
    "flags": ["🇳🇮", "🇮🇳", "🇫🇷", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "🏴"],
    "Hindi": ["यह दिन है", "यह दान है", "यह दीन है", "यह दून है", "यह मेला है", "यह मैला है"],
    "Amharic": ["ውሻ ትልቅ ነው", "ውሻ ትንሽ ነው", "ውሻ ጥሩ ነው", "ድመት ትልቅ ነው"],
    "Thai": ["เขา", "เข่า", "เข้า", "ขาว", "ข่าว", "ข้าว"],
    "Arabic": ["كتب", "كَتَبَ", "كُتِبَ", "كُتُب"],
    "Hebrew": ["ספר", "סֵפֶר", "סַפָּר"],
    "Chinese": ["我喜欢这个产品", "我讨厌这个产品", "他喜欢这个产品"],
    "Japanese": ["はし", "ばし", "ぱし", "ハシ"],
    "Korean": ["사람", "사랑", "자랑"],
    "Vietnamese": ["ma", "má", "mà", "mả", "mã", "mạ"],
    "Russian": ["все", "всё", "мой", "мои"],
    "numbers": ["1", "1.0", "10", "-1", "1%", "x1", "x²", "½", "\u0661"],
    "mathematics": ["a = b", "a ≠ b", "a ≤ b", "a ≥ b", "a < b", "a ≈ b", "a ∈ b", "a + b", "a \u2212 b", "a \u00d7 b"],
    "operators": ["a != b", "a == b", "a = b", "a => b", "a -> b", "a <- b", "a := b", "a ? b", "a & b", "a && b"],
    "more operators": ["a | b", "a || b", "a % b", "a * b", "a ** b", "a / b", "a // b", "a ^ b", "a ~ b", "a @ b"],
    "comparisons": ["5 > 3", "5 < 3", "5 = 3", "5 ≥ 3"],
    "Bengali": ["কল", "কাল", "কিল", "কুল"],
    "Tamil": ["கல்", "கால்", "கில்", "கீல்"],
    "Greek": ["πότε", "ποτέ"],
    "Georgian": ["კარი", "ქარი"],
    "forms with a meaning": ["x²", "x2", "x₂", "①", "1", "\U0001d431", "x"],
    "currencies": ["$5", "€5", "£5", "₹5", "5"],
}
THE_SAME = [
    ["How do I verify the top-up?", "how do i VERIFY the   top up", "“How do I verify the top up…”"],
    ["Is C++ fast?", "is c++ fast", "Is C ++ fast!"],
    ["Great 😀!", "great 😀", "GREAT😀"],
    ["यह दिन है।", "यह  दिन है", "“यह दिन है”"],
    ["Straße", "STRASSE", "strasse"],
    ["ce\u0301leste", "céleste", "Céleste."],
    ["今天天气很好。", "今天天气很好", "「今天天气很好」"],
    ["cooperate", "coop\u00aderate", "\ufeffcooperate", "coop\u200berate"],
    ["e.g. this, or that", "e g this or that", "(E.G.) this - or that"],
    ["I ❤️ it", "i ❤ it", "I ❤\ufe0e it."],
    ["\uff21\uff22\uff23\u3000\uff11\uff12\uff13\uff01", "abc 123", "Abc \uff11\uff12\uff13"],
    ["\uff8a\uff9d\uff76\uff78", "ハンカク"],
    ["\ufedf\ufe8e", "لا"],
    ["Ποτέ.", "ΠΟΤΈ"],
    ["هل وصل؟", "هل وصل"],
]


@pytest.mark.parametrize("texts", DIFFERENT.values(), ids=DIFFERENT)
def test_different_texts_are_never_the_same_word_for_word(texts: list[str]) -> None:
    for first, second in itertools.combinations(texts, 2):
        assert canonical_text(first) != canonical_text(second), (first, second)
    in_a_stream = [answer.similarity.max() for answer in streamed_copies([[text] for text in texts])]
    assert max(in_a_stream) < 1


@pytest.mark.parametrize("texts", DIFFERENT.values(), ids=DIFFERENT)
def test_they_are_no_near_copies_either(texts: list[str]) -> None:
    assert near_duplicates(texts=texts).groups.tolist() == list(range(len(texts)))


@pytest.mark.parametrize("texts", THE_SAME)
def test_case_spacing_and_ordinary_punctuation_make_no_difference(texts: list[str]) -> None:
    assert len({canonical_text(text) for text in texts}) == 1
    assert near_duplicates(texts=texts).similarity.tolist() == [1] * (len(texts) - 1)


def kept(text: str) -> str:
    """The letters, marks, digits and symbols of a text: no case, no forms of old character sets."""
    usual = [unicodedata.normalize("NFKC", c) if "\ufb50" <= c <= "\uffef" else c for c in text]
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", "".join(usual)).casefold())
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LMNS" and not UNSEEN.match(c))


UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}")
WILD = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
NEAR = st.text(alphabet="aA1+-=#.,:;()[]! \u0301\u093f😀🏽\u200d\ufe0f\uff21", max_size=8)


@settings(max_examples=400, deadline=None)
@given(first=WILD | NEAR, second=WILD | NEAR)
def test_texts_that_differ_in_a_letter_mark_digit_or_symbol_are_never_the_same(first: str, second: str) -> None:
    assume(kept(first) != kept(second))
    assert canonical_text(first) != canonical_text(second)
    assert len(near_duplicates(texts=[first, second], text_threshold=1.0).pairs) == 0 or kept(first)


@settings(max_examples=300, deadline=None)
@given(text=WILD, at=st.integers(0, 11), other=st.characters(categories=["L", "M", "N", "S"]))
def test_one_other_character_makes_another_text(text: str, at: int, other: str) -> None:
    changed = text[:at] + other + text[at + 1 :]
    assume(kept(changed) != kept(text))
    assert canonical_text(changed) != canonical_text(text)


@settings(max_examples=300, deadline=None)
@given(words=st.lists(WILD | NEAR, min_size=1, max_size=4), stop=st.sampled_from([".", "!", "?", "…", "。", "।", "؟"]))
def test_other_case_more_space_and_a_final_stop_are_the_same_word_for_word(words: list[str], stop: str) -> None:
    text = " ".join(words)
    assume(any(unicodedata.category(c)[0] in "LN" for c in kept(text)))
    other = "".join(c.swapcase() if c.swapcase().casefold() == c.casefold() else c for c in text)
    decorated = f"  {other.replace(' ', '   ')} {stop}\n"
    assert canonical_text(decorated) == canonical_text(text)
    assert near_duplicates(texts=[text, decorated]).similarity.tolist() == [1]


@settings(max_examples=200, deadline=None)
@given(text=WILD | NEAR)
def test_what_is_canonical_stays_as_it_is(text: str) -> None:
    once = canonical_text(text)
    assert canonical_text(once) == once or not kept(text)


@settings(max_examples=500, deadline=None)
@given(text=st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_short_way_for_plain_texts_gives_the_same(text: str) -> None:
    quick = canonical_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_NOT_PLAIN", module.re.compile(""))
        assert canonical_text(text) == quick


def test_a_typo_in_a_long_text_is_a_near_copy_in_every_script() -> None:
    pairs = [
        ("कृपया मुझे बताएं कि मेरा नया कार्ड कब तक पहुंचाया जाएगा", "कृपया मुझे बताएं कि मेरा नया कार्ड कब तक पहुचाया जाएगा"),
        ("እባክዎ አዲሱ የባንክ ካርዴ መቼ እንደሚደርስ ይንገሩኝ አመሰግናለሁ", "እባክዎ አዲሱ የባንክ ካርዴ መቼ እንደሚደርስ ይንገሩኝ አመሰግናለው"),
        ("Пожалуйста, скажите, когда мне доставят новую карту", "Пожалуйста, скажите, когда мне доставят новую крату"),
        ("من فضلك أخبرني متى سيتم تسليم بطاقتي الجديدة", "من فضلك أخبرني متى سيتم تسليم بطاقتي الجديده"),
        ("How do I read a large file line by line in C++ 😀", "How do I read a large file line by lnie in C++ 😀"),
    ]
    for first, second in pairs:
        found = near_duplicates(texts=[first, second], text_threshold=0.7)
        assert found.groups.tolist() == [0, 0], first
        assert found.similarity[0] < 1


def test_vectors_are_not_compared_where_different_parts_were_left_unread() -> None:
    texts, vectors = ["ውሻ", "ድመት", "a dog", "one dog"], [[1.0, 0.0], [1.0, 0.1], [1.0, 0.0], [1.0, 0.1]]
    assert near_duplicates(texts=texts[:2], embeddings=vectors[:2]).groups.tolist() == [0, 0]
    found = near_duplicates(texts=texts, embeddings=vectors, unread=["ውሻ", "ድመት", "", ""])
    assert found.groups.tolist() == [0, 1, 2, 2]
    assert found.note == ""


def test_different_texts_of_one_vector_are_compared_by_their_characters() -> None:
    texts = ["👍", "great work 👍", "👎", "great work 👎", "Great work 👎!", "nice work"]
    vectors = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.002, 1.0], [0.0, 1.0], [0.2, 1.0]]
    found = near_duplicates(texts=texts, embeddings=vectors)
    assert found.groups.tolist() == [0, 1, 2, 3, 3, 4]
    assert found.note == "4 texts have the same embedding as a different text: these were compared by their characters"
    assert f"\n  note: {found.note}\n" in repr(found)
    assert f"note: {found.note}" in found._repr_html_()
    assert near_duplicates(embeddings=vectors).groups.tolist() == [0, 1, 0, 1, 1, 1]


def test_what_the_packaged_model_cannot_tell_apart_makes_no_copies() -> None:
    texts = [
        "👍",
        "👎",
        "Thank you 👍 for your help",
        "Thank you 👎 for your help",
        "กั",
        "กี",
        "thank you for your help!",
    ]
    found = near_duplicates(texts=texts, embeddings=embed(texts), text_threshold=1.0)
    assert found.groups.tolist() == list(range(len(texts)))
    assert found.note.startswith("6 texts")


def test_what_was_left_unread_is_asked_of_every_text() -> None:
    with pytest.raises(ValueError, match="unread: expected 2 records"):
        near_duplicates(texts=["a", "b"], embeddings=[[1.0], [2.0]], unread=[""])


def test_another_currency_in_a_sentence_makes_a_near_copy_and_not_the_same_text() -> None:
    texts = ["Why is there a $1 charge on my statement?", "Why is there a €1 charge on my statement?"]
    found = near_duplicates(texts=texts)
    assert found.groups.tolist() == [0, 0]
    assert found.similarity[0] < 1
