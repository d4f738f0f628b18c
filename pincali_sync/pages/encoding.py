"""A page's bytes in UTF-8, whatever it was written in.

What reads as UTF-8 is UTF-8, whatever is declared: text of another encoding does so by no accident.
Of other pages the declared encoding counts, as in browsers: that of the byte order mark, of the
header, of <meta>; without any, what browsers take western pages for.
"""

from __future__ import annotations

import re

from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    to_unicode,
)

_WESTERN = "cp1252"
# Python knows codecs that are none of a page's, and slow ones among them.
_OF_PAGES = re.compile(
    r"utf-?(?:8|16|32)(?:-[bl]e)?|cp(?:125\d|874|932|949)|iso8859-\d+|mac-roman|koi8-[ru]|"
    r"gb18030|big5hkscs|euc_jp|shift_jis"
)
_HTML = re.compile(r"html\b", re.I)
_OTHER_CHARSET = re.compile(r"\bcharset\s*+=\s*+(?![\"']?utf-?8)", re.I)
_LONGEST_HEADER = 200
_WIDE = ("utf-16", "utf-32")
_LETTERS = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_GZIP = b"\x1f\x8b"


def as_utf8(body: bytes, content_type: str | None = None) -> bytes:
    """The same page in UTF-8; signs that are none in its encoding are replaced."""
    try:
        body.decode()
    except UnicodeDecodeError:
        pass
    else:
        return body
    encoding = _declared(body, content_type) or _WESTERN
    if encoding != "utf-8":
        return to_unicode(body, encoding).removeprefix("\ufeff").encode("utf-8", "replace")
    if _LETTERS.search(body):
        return body  # a sign or two are broken
    return to_unicode(body, _WESTERN).encode()


def _declared(body: bytes, content_type: str | None) -> str | None:
    """None for nothing, and for what no page is written in."""
    encoding = read_bom(body)[0] or http_content_type_encoding(content_type)
    if encoding is None:
        encoding = html_body_declared_encoding(body)
        if encoding is not None and encoding.startswith(_WIDE):
            return "utf-8"  # where <meta> can be read, signs are bytes
    return encoding if encoding is not None and _OF_PAGES.fullmatch(encoding) else None


def by_header(body: bytes, content_type: str | None) -> bytes:
    """The body of an answer, which is no page where its header does not say so."""
    header = (content_type or "")[:_LONGEST_HEADER]
    html = _HTML.search(header)
    if body.startswith(_GZIP) or html is None or not _OTHER_CHARSET.search(header, html.end()):
        return body
    return as_utf8(body, header)
