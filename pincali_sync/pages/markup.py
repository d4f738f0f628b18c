"""Markup as a tree, if that can be had in good time.

By HTML's own rules a tree takes time beyond all measure: each tag may look through all that are
open, each attribute through all of its tag; bold type that is left open is opened anew in each
paragraph, and text that grows past a tag without effect is copied each time. Selectors climb the
tree once more. These limits bound all this before anything is asked of the tree. The site's pages
are far from them: what is beyond is no page of the site.
"""

from __future__ import annotations

import ctypes
import re
from contextlib import suppress
from functools import cache

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, SelectolaxError

from pincali_sync.exceptions import PageError
from pincali_sync.pages.encoding import as_utf8
from pincali_sync.pages.text import as_bytes

# What is read in one second at worst. The greatest saved page has 220,000 bytes, 4,400 tags (each
# end counted as one), 12 attributes in a tag, 24 levels.
MAX_BYTES = 3_000_000
MAX_TAGS = 15_000
MAX_DEPTH = 100
_MAX_ATTRIBUTES = 100  # beside those that are written plainly, of which at most 50
_MAX_OUT_OF_PLACE = 100

_M_TRIM_THRESHOLD = -1
_KEPT_BYTES = 16_000_000  # several trees' worth


@cache
def _keep_freed_memory() -> None:
    """Has glibc keep what a tree leaves behind, for the next one; once, before the first.

    By itself it gives it back to the system after each page: a tenth of the time of reading one.
    """
    with suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


_QUIETLY = LexborDocumentOptions.WO_EVENTS  # nobody listens to changes of the tree

_SPACE = rb"\t\n\f\r "
_NAME = rb"[^%b/>][^%b/>=]{0,200}+" % (_SPACE, _SPACE)
_VALUE = rb"""(?:"[^"]*+"|'[^']*+'|[^%b>"'][^%b>]*+)""" % (_SPACE, _SPACE)
_ATTRIBUTE = rb"[%b/]*+%b(?:[%b]*+=[%b]*+%b?+)?+" % (_SPACE, _NAME, _SPACE, _SPACE, _VALUE)
# A tag with too many attributes. Every tag is tried, within quotes or not; plain ones end soon.
_CROWDED = re.compile(
    rb'<[a-zA-Z][a-zA-Z0-9]*+(?: [a-z-]++="[^"]*+"){0,50}+(?!>)(?:%b){%d}'
    % (_ATTRIBUTE, _MAX_ATTRIBUTES)
)
# Type that is not closed at once, as an icon is: `<i class="fal fa-bed"></i>`.
_IS_TYPE = rb"(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[%b/>])" % _SPACE
_CLOSED_AT_ONCE = rb'(?:[%b]+[a-z-]+(?:="[^"<>]*")?+)*+>[^<]*+</\1>' % _SPACE
_OPEN_TYPE = rb"(?=[bceifnstuBCEIFNSTU][%b/>iomtrIOMTR])(?i:%b(?!%b))" % (
    _SPACE,
    _IS_TYPE,
    _CLOSED_AT_ONCE,
)
_TYPE = re.compile(rb"<(?i:%b%b|(/?)%b)" % (_IS_TYPE, _CLOSED_AT_ONCE, _IS_TYPE))
# Ends with attributes, and tags that have no effect, or leave text behind, out of their place.
_OUT_OF_PLACE = (
    rb"/[a-zA-Z][^%b/>]*+[%b/]++[^>]|(?=[bcfhitBCFHIT])(?i:body|caption|col|colgroup|form|frame|"
    rb"frameset|head|html|image|table|tbody|td|tfoot|th|thead|tr)[%b/]++[^>]"
    % (_SPACE, _SPACE, _SPACE)
)
# Both in one pass over the bytes; of type it gives the tag, of the others nothing.
_SUSPECT = re.compile(b"<(?:%b|%b)" % (_OUT_OF_PLACE, _OPEN_TYPE))
_TOO_DEEP = "* > " * MAX_DEPTH + ":first-child"  # one of each family is enough


def tree_of(markup: str | bytes, url: str) -> LexborHTMLParser:
    """Parses a page, whatever it was written in.

    Raises:
        PageError: for more markup than any page of the site has.
    """
    return tree_in(page_bytes(markup, url), url)


def page_bytes(markup: str | bytes, url: str) -> bytes:
    """A page in UTF-8, as the parser takes it.

    Raises:
        PageError: for one that is longer than any page of the site.
    """
    if len(markup) <= MAX_BYTES:
        raw = as_bytes(as_utf8(markup) if isinstance(markup, bytes) else markup)
        if len(raw) <= MAX_BYTES:
            return raw
    raise PageError(f"{url} has more than {MAX_BYTES:,} bytes")


def tree_in(raw: bytes, url: str) -> LexborHTMLParser:
    """Parses a page in UTF-8; what is none is replaced when text is asked for.

    Raises:
        PageError: for more markup than any page of the site has.
    """
    if raw.count(b"<") > MAX_TAGS:
        raise PageError(f"{url} has more than {MAX_TAGS:,} tags")
    suspects = _SUSPECT.findall(raw)
    if suspects.count(b"") > _MAX_OUT_OF_PLACE:
        raise PageError(f"{url} has more than {_MAX_OUT_OF_PLACE} tags out of place")
    if _CROWDED.search(raw):
        raise PageError(f"{url} has a tag with more than {_MAX_ATTRIBUTES} attributes")
    _keep_freed_memory()
    if any(suspects):
        raw = _TYPE.sub(_without_type, raw)
    try:
        tree = LexborHTMLParser(raw, options=_QUIETLY)
    except SelectolaxError as error:
        raise PageError(f"{url} cannot be parsed: {error}") from None
    if tree.css_first(_TOO_DEEP) is not None:
        raise PageError(f"{url} has more than {MAX_DEPTH} levels of markup")
    return tree


def _without_type(tag: re.Match[bytes]) -> bytes:
    """A start or an end of type as one of what nests plainly; what is struck out stays so."""
    if tag[1]:
        return tag[0]
    return b"<%b%b" % (tag[2], b"del" if tag[3].lower() in {b"s", b"strike"} else b"span")
