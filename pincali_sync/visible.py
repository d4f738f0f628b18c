"""Text of whatever origin, shown as text: nothing in it moves a cursor, or turns a line round."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any
from unicodedata import category

_EXCEPTIONS = logging.Formatter()
_told: set[str] = set()  # of which handlers


def visible(text: str) -> str:
    r"""The text on one line, with what a terminal would obey or hide written out, as `\x1b` is."""
    return text if text.isprintable() else "".join(map(_shown, text))


def visible_lines(text: str, indent: str = "") -> str:
    """The same, line by line; what follows the first is indented."""
    return f"\n{indent}".join(map(visible, text.split("\n")))


def tell_once(handler: logging.Handler, record: logging.LogRecord) -> None:  # noqa: ARG001
    """In the place of `Handler.handleError`: a disk that is full stops nobody, nor does each line
    that is lost fill another place."""
    name = getattr(handler, "baseFilename", None) or repr(handler)
    if name not in _told:
        _told.add(name)
        with suppress(OSError):
            error = sys.exc_info()[1] or OSError("no reason is known")
            print(f"{name} cannot be written: {visible(str(error))}", file=sys.stderr)


def _shown(character: str) -> str:
    if character.isprintable() or category(character) == "Zs":  # a space, of whatever width
        return character
    return character.encode("unicode_escape").decode("ascii")


class VisibleRecord(logging.LogRecord):
    """A log record whose message and traceback cannot pass for something else.

    Where records are made, and not in a handler's formatter: Scrapy replaces handlers.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            self.exc_text = visible_lines(_EXCEPTIONS.formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802
        """The message; its second line does not look like the next one of the log."""
        return visible_lines(super().getMessage(), indent="    ")
