"""The values of a test that somebody wrote: read by their keys, and refused in one line that names the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """Keys and values of a test.

    Attributes:
        values: The values by their keys.
        where: The file.
        called: What messages call the test; empty for the file as a whole.
    """

    values: Mapping[str, Any]
    where: str
    called: str = ""

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str) -> Any:
        """Return the value of a key, None where there is none."""
        return self.values.get(key)

    def wrong(self, key: str, wanted: str, came: Any) -> ValueError:
        """Return the error that says what was expected of a key, and what came."""
        got = "nothing" if came is None or came == "" else f"{came!r:.80}"
        return ValueError(f"{self._place(key)}: key {key!r}: expected {wanted}, got {got}")

    def _place(self, key: str) -> str:
        """Return where a key stands; where it does not, where the others do."""
        line = getattr(self.values, "lines", {}).get(key, getattr(self.values, "line", None))
        return ": ".join([self.where, *([f"line {line}"] if line else []), *([self.called] if self.called else [])])

    def only(self, keys: Sequence[str]) -> None:
        """Raise a ValueError unless all keys are among these."""
        for key in self.values:
            if key not in keys:
                raise ValueError(f"{self._place(key)}: key {key!r}: expected one of {', '.join(keys)}")

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        found = self.get(key)
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(key, "a text", found)
        return found

    def texts(self, key: str) -> list[str]:
        """Return one text or several as a list."""
        found = self.get(key)
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, Sequence) or not listed or not all(isinstance(one, str) and one for one in listed):
            raise self.wrong(key, "a text or a list of texts", found)
        return list(listed)

    def number(self, key: str, default: float) -> float:
        """Return a number from 0 to 1, or the default where there is none."""
        found = self.get(key)
        if found is None:
            return default
        try:
            value = float(found)
        except (TypeError, ValueError):
            value = -1.0
        if not 0 <= value <= 1:
            raise self.wrong(key, "a number from 0 to 1", found)
        return value

    def label(self, key: str, found: Any, names: Sequence[str]) -> str:
        """Return a value that is one of the labels."""
        if str(found) not in names:
            raise self.wrong(key, f"one of {', '.join(names)}"[:200], found)
        return str(found)

    def lexicon(self) -> dict[str, list[str]]:
        """Return the words that may stand in a slot, by its name."""
        found = self.get("lexicon")
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise self.wrong("lexicon", "words for each slot", found)
        of = Entry(found, self.where, self.called)
        return {slot: of.texts(slot) for slot in found}
