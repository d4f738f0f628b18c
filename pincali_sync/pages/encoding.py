"""A page's bytes in UTF-8, whatever it was written in.

What reads as UTF-8 is UTF-8, whatever is declared: text of another encoding does so by no accident.
So is a page with a sign or two that are broken, unless another encoding is declared. Of other pages
the declared encoding counts, as in browsers: that of the byte order mark, of the header, of <meta>;
without any, what browsers take western pages for.
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
_CHARSET = re.compile(r"\bcharset\s*+=", re.I)
_LONGEST_HEADER = 200
_WIDE = ("utf-16", "utf-32")
_ASCII = bytes(range(128))
_BROKEN = "\ufffd"
_WHOLE_TO_BROKEN = 5  # letters; in western pages nearly all are broken
_GZIP = b"\x1f\x8b"


def as_utf8(body: bytes, content_type: str | None = None) -> bytes:
    """The same page in UTF-8; signs that are none in its encoding are replaced."""
    try:
        body.decode()
    except UnicodeDecodeError:
        pass
    else:
        return body
    encoding = _declared(body, content_type)
    if encoding in {"utf-8", None}:
        text = body.decode("utf-8", "replace")
        if _is_meant(text, body, is_declared=encoding is not None):
            return text.removeprefix("\ufeff").encode()  # a sign or two are broken
        encoding = _WESTERN
    return to_unicode(body, encoding).removeprefix("\ufeff").encode("utf-8", "replace")


def _is_meant(text: str, body: bytes, *, is_declared: bool) -> bool:
    """Whether bytes were written as UTF-8, by what of them reads as that and what does not."""
    plain = len(body) - len(body.translate(None, _ASCII))
    broken = text.count(_BROKEN)
    whole = len(text) - plain - broken
    return whole > 0 if is_declared else whole >= broken * _WHOLE_TO_BROKEN


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
    if body.startswith(_GZIP) or html is None or not _CHARSET.search(header, html.end()):
        return body
    return as_utf8(body, header)
