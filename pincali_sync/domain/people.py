"""People that listings name: how one is looked for in texts, and kept out of later ones."""

from __future__ import annotations

import hashlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

from pincali_sync.domain.signs import without_accents
from pincali_sync.exceptions import UsageError

GONE = "[…]"  # stands where somebody was named
_DIGITS = 10  # of a number in Mexico, without what is dialled before it
_MAX_WORDS = 6  # of a name
_MAX_GAP = 3  # signs between the words of a name, or the digits of a number

# Read by Python and by PostgreSQL alike; each looks at so many signs at a place and no more.
_S = r"[ \u00a0.\-]{0,2}"
_GAP = r"[ \u00a0.\-]{1,2}"
PHONE = (
    rf"(?<![\d$])(?:\+?52{_S}(?:1{_S})?|\+\d{{1,3}}{_S}|0(?:1|4[45]){_S})?"
    rf"(?:\(?\d{{3}}\)?{_S}\d{{3}}(?:{_S}\d{{4}}|{_GAP}\d{{2}}{_GAP}\d{{2}})"
    rf"|\(?\d{{2}}\)?(?:{_S}\d{{4}}{_S}\d{{4}}|(?:{_GAP}\d{{2}}){{4}}))(?!\d|[.,:]\d)"
)
EMAIL = r"[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,4}"

_DIALLED = r"(?:\+?52\D{0,3}(?:1\D{0,3})?|0(?:1|4[45])\D{0,3})?\(?"
_MARKS = "[\u0300-\u036f\uff9e\uff9f]{0,3}"  # accents behind their letter, as Macs write them
_MOST_AS_ONE = 18  # letters that one sign stands for: ﬁ, Ⅷ, a syllable of Hangul, ﷺ
_MOST_WAYS = 100  # in which a few letters are written, some of them as one
_WORD = re.compile(rf"(?:\w{_MARKS})+")
_DIGIT, _ADDRESS = re.compile(r"\d"), re.compile(EMAIL)
_NUMBERS = re.compile(rf"\d(?:\D{{0,{_MAX_GAP}}}\d){{{_DIGITS - 1},}}")
_BEFORE_A_NUMBER, _MOST_BEFORE = re.compile(rf"(?<!\d){_DIALLED}\Z"), 11
# What begins as an address may be the longer one of somebody else, .com.mx beside .com; a word with
# a capital begins the next sentence.
_NO_LONGER = r"(?![\w\-]|\.(?:[a-z]{2,}|[A-Z]{2,})(?![\w\-]))"
_ENDS_HERE = re.compile(_NO_LONGER)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be forgotten, by a name, a telephone number or an address of e-mail."""

    form: str  # plain: the same however it is written
    pattern: str  # finds it as it may be written; read by Python and by PostgreSQL

    @classmethod
    def parse(cls, text: str) -> Person:
        """Reads what an operator was told.

        Raises:
            UsageError: when it is too little to tell one person from others.
        """
        if re.fullmatch(EMAIL, address := _plain(text.strip())):
            return cls(address, rf"(?<![\w.+\-]){_spelled(address)}{_NO_LONGER}")
        if "@" not in text and re.search(r"[^\W\d]", text):
            words = [_plain(word) for word in _WORD.findall(text)]
            if 1 < len(words) <= _MAX_WORDS:
                return cls(" ".join(words), rf"(?<!\w){_apart(words, 'W', 1)}(?!\w)")
        elif len(digits := _plain("".join(_DIGIT.findall(text)))) >= _DIGITS:
            number = digits[-_DIGITS:]
            return cls(number, rf"(?<!\d){_DIALLED}{_apart(number, 'D', 0)}(?!\d)")
        raise UsageError(
            "give a whole name (two to six words), a telephone number with its ten digits, "
            "or an address of e-mail"
        )


def _plain(text: str) -> str:
    """Without capitals and accents."""
    return without_accents(text).casefold()


@cache
def _forms() -> Mapping[str, str]:
    """Of plain letters all signs that stand for them: of n also Ñ and Ň, of ss also ß."""
    forms: defaultdict[str, str] = defaultdict(str)
    for sign in map(chr, range(sys.maxunicode + 1)):
        if sign.isalnum() and (plain := _plain(sign)):
            forms[plain] += sign
    return forms


def _spelled(plain: str) -> str:
    """Letters in all their forms: not every database knows that Á is a capital."""
    spelled, start = "", 0
    while start < len(plain):
        end = start + 1
        for at in range(start, len(plain)):  # as far as signs reach that stand for several
            if at >= end:
                break
            end = max(end, *(at + size for size in _sizes(plain[at:])))
        ways = [*islice(_ways(plain[start:end]), _MOST_WAYS)]
        spelled += ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"
        start = end
    return spelled


def _ways(plain: str) -> Iterator[str]:
    """Each way to write letters one by one, or some of them as one."""
    if not plain:
        yield ""
    for size in _sizes(plain):
        signs = _forms().get(plain[:size])
        first = f"[{signs}]{_MARKS}" if signs else re.escape(plain[:size])
        for others in _ways(plain[size:]):
            yield first + others


def _sizes(plain: str) -> list[int]:
    """How many letters at the beginning may be written as one."""
    longest = min(len(plain), _MOST_AS_ONE)
    return [n for n in range(1, longest + 1) if n == 1 or plain[:n] in _forms()]


def _apart(parts: Sequence[str], others: str, least: int) -> str:
    """Words or digits with a few other signs between them."""
    return rf"\{others}{{{least},{_MAX_GAP}}}".join(map(_spelled, parts))


def _addresses_in(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _ADDRESS.finditer(text):
        yield *match.span(), _plain(match[0])
        for dot in (at for at in range(match.start(), match.end()) if text[at] == "."):
            if _ENDS_HERE.match(text, dot) and re.fullmatch(
                EMAIL, found := text[match.start() : dot]
            ):
                yield match.start(), dot, _plain(found)


def _numbers_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Ten digits, however they stand apart, without others right beside them."""
    for run in _NUMBERS.finditer(text):
        at = [digit.start() for digit in _DIGIT.finditer(text, *run.span())]
        for first, last in zip(at, at[_DIGITS - 1 :], strict=False):
            if _DIGIT.match(text, last + 1):
                continue
            least = max(0, first - _MOST_BEFORE)
            dialled = _BEFORE_A_NUMBER.search(text, least, first)
            if dialled is not None:
                number = "".join(_DIGIT.findall(text, first, last + 1))
                yield dialled.start(), last + 1, _plain(number)


def _forms_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Whatever a text may name somebody by, in its plain form, and where it stands."""
    yield from _addresses_in(text)
    yield from _numbers_in(text)
    words = [(match.start(), match.end(), _plain(match[0])) for match in _WORD.finditer(text)]
    for index, (start, at, form) in enumerate(words):
        name, end = form, at
        for next_start, next_end, word in words[index + 1 : index + _MAX_WORDS]:
            if next_start - end > _MAX_GAP:
                break
            name, end = f"{name} {word}", next_end
            yield start, end, name


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Those who are kept out, known by keyed digests alone: no name can be read from them."""

    key: bytes = b""
    digests: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.digests)

    def are_in(self, *texts: str | None) -> bool:
        """Whether one of the texts names one of them."""
        return any(self._spans(text) for text in texts if text)

    def taken_from(self, text: str) -> str:
        """The text without them."""
        kept, at = [], 0
        for start, end in sorted(self._spans(text)):
            if start >= at:
                kept += [text[at:start], GONE]
            at = max(at, end)
        return "".join((*kept, text[at:]))

    def _spans(self, text: str) -> list[tuple[int, int]]:
        return [
            (start, end)
            for start, end, form in _forms_in(text)
            if digest(form, self.key) in self.digests
        ]


def digest(form: str, key: bytes) -> bytes:
    """What is remembered of a person."""
    return hashlib.blake2b(form.encode(), key=key, digest_size=16).digest()
