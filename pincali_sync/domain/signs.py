"""The signs of a text: which of them nobody sees, and letters with their accents or without."""

from __future__ import annotations

import re
import unicodedata

# As ranges of a pattern: what turns a line round, hyphens and spaces without a width, tags. Control
# characters are not among them, nor the joiners that some letters and emoji are made with.
UNSEEN = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
JOINERS = "\u200c\u200d"
# Marks by the dozen: to put them in order takes time beyond measure where there are thousands.
_HEAP = re.compile(r"[^\w\s\x00-\x7f]{31}")
_KEPT = 0x10000  # nearly all that are in use; some megabytes, if a page brings them all


def composed(text: str) -> str:
    """A text in which a letter and its accent are one sign, as nearly all are; equal texts are so
    in their signs, too. One with a heap of marks on a letter stays as it is."""
    if text.isascii() or unicodedata.is_normalized("NFC", text) or _HEAP.search(text):
        return text
    return unicodedata.normalize("NFC", text)


class _Bare(dict[int, int | str]):
    """What is left of each sign without accents; one by one, so that none is put in order."""

    def __missing__(self, sign: int) -> int | str:
        parts = unicodedata.normalize("NFKD", chr(sign))
        letters = "".join(part for part in parts if not unicodedata.combining(part))
        bare = sign if letters == chr(sign) else letters
        if sign < _KEPT:
            self[sign] = bare
        return bare


_BARE = _Bare()


def without_accents(text: str) -> str:
    """A text for comparing, its letters plain: "2 baños" is "2 banos"."""
    return text if text.isascii() else text.translate(_BARE)
