"""Answers that are no page of the site: it refuses us, or wants to see a person.

Such an answer says nothing about any listing, and is never worked around.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from pincali_sync.domain.headers import redirect_target
from pincali_sync.pages.entities import unescaped
from pincali_sync.pages.own_page import is_framed, shows_content, title_of
from pincali_sync.pages.tasks import sets_a_task
from pincali_sync.pages.text import as_bytes, fold, one_line
from pincali_sync.pages.wall_names import may_name_a_wall, wall_named
from pincali_sync.pages.walls import (
    HEADERS,
    HEADERS_OF_REFUSALS,
    MARKUP,
    WATCHERS,
    WORDS,
    Challenge,
)

__all__ = ["Challenge", "challenge_kind", "may_be_a_wall"]

_MOST = 250_000  # of the body; walls are short
_LONGEST_WORDS = 2_000  # of a wall; a longer text is about something else
_LITTLE_TEXT = 500
_LONGEST_HEADING = 1_500  # with its markup
_ANY_PAGE = "https://site.invalid/"  # a relative Location's path is the same below any
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERRORS = frozenset({404, 410, 422, *range(500, 600)})
_LISTING_PATH = re.compile(r"/(?:(?:en/)?home|pt/imovel|(?:inmobiliarios/[^/]+/)?inmueble)/")
_LOGIN_PATH = re.compile(
    r"/(?:account/authentication|authentications?|login|log[_-]in|sign[_-]?in|sessions?/new|sso|"
    r"inici(?:ar|o)(?:-de)?-sesion|ingresar|acceder|autenticacion|"
    r"entrar|acessar|autenticacao|fazer-login)(?:/|$)",
    re.I,
)
_WALL_PATH = re.compile(
    r"/(?:captcha|challenge|recaptcha|human-?verification|verify-human|bot-?check|blocked|"
    r"access-?denied|acceso-denegado|acesso-negado)(?:[/.]|$)",
    re.I,
)
# A title that is nothing but the way in: "Log in or create an account | Pincali".
_WAY_IN = (
    r"(?:log ?-?in|sign ?-?in|sign ?-?up|register|login|acceso|acced[ea]r?|entr[ae]r?|ingres[ae]r?|"
    r"inici(?:a|ar|e|o)(?: de)? (?:tu |su )?sesion|identifi(?:cate|quese)|registr(?:ate|arse|ese)|"
    r"acess(?:ar|e)|fa(?:zer|ca) (?:o )?login|conect(?:ar|e)(?:-se)?|cadastr(?:ar|e)-se|"
    r"(?:create|open|cre[ae]r?|cri[ae]r?|abr[ae]|abrir|acess[ae]r?)"
    r"(?: (?:an?|your|una|tu|su|uma|sua))?(?: (?:new|nueva|nova|free))? (?:account|cuenta|conta))"
)
_LOGIN_TITLE = re.compile(
    rf"{_WAY_IN}(?:[ ,/]+(?:(?:or|and|o|y|ou|e) )?{_WAY_IN})*"
    r"(?: (?:to|in|en|a|al?|no|na|em|de) (?:\w+ )?(?:pincali|account|cuenta|conta)| (?:to|"
    r"para) continu\w+)?"
)
_LOGIN_BODY = re.compile(
    r"""<body\b[^<>]{0,200}\bclass=["']?(?:[^"'<>]{0,200}\s)?(?:account|authentications?)\b"""
)
_PASSWORD_FIELD = re.compile(r"""<input\b[^<>]{0,1000}\btype=["']?password\b""")
_EMAIL_FIELD = re.compile(r"""<input\b[^<>]{0,1000}\bname=["']?authentication\[""")
# What stands in front of a page tells search engines to pass, and has something for others to do.
_TURNED_AWAY = re.compile(r"<meta\b(?=[^<>]{0,200}\brobots\b)[^<>]{0,200}\bnoindex\b")
_TASK = re.compile(r"<(?:iframe|form)\b|<script\b[^<>]{0,500}\bsrc=")
_TROUBLE = re.compile(
    r"\b(?:maint[ea]n\w+|manten\w+|manuten\w+|error|erro|trouble|problem\w*|back soon|unavailable|"
    r"try again|not found|later|mas tarde|mais tarde|no longer|no disponible|indisponivel)\b"
)
# What a plain error says of itself, and a wall does not.
_PLAIN_ERROR = re.compile(
    r"\b(?:404|410|422|5[0-3]\d)\b|"
    r"\b(?:no|nao) (?:(?:se|fue|foi|ha|pud\w+|possivel|posible|sido|lo|la) )*"
    r"(?:encontr|hall|exist|localiz)|"
    r"\bdoes(?:n.?t| not) exist|\bcannot get\b|\binexist|"
    r"\b(?:listing|page|property|ad) (?:was |has been )?(?:removed|deleted|gone)\b|\bya no\b|"
    r"\b(?:eliminad|removid|retirad)[oa]\b|\bbad gateway\b|\btime-?out\b|"
    r"\b(?:algo|something) (?:salio|fallo|deu|went)\b|\bvolvemos\b|\bvoltamos\b"
)
_UNSEEN = re.compile(
    r"<(script|style|template)\b.*?(?:</\1\b|\Z)|<!--.*?(?:-->|\Z)|</?[a-z!][^>]*+>?", re.S | re.I
)


def challenge_kind(
    status: int, headers: Mapping[str, str], markup: str | bytes
) -> Challenge | None:
    """Tells how an answer refuses us; None for pages of the site, errors and plain 404 or 405.

    A wall is one under whatever status it is sent.

    Args:
        status: of the answer itself, redirects not followed.
        headers: their names in any case.
        markup: the body; may be empty.
    """
    named = {name.lower(): value for name, value in headers.items()}
    said = _by_headers(status, named)
    if said is not None:
        return said
    if status in _REDIRECTS:
        return _by_target(redirect_target(_ANY_PAGE, status, named.get("location")))
    if status not in {202, 401, 403} and shows_content(markup):
        return None
    raw = as_bytes(markup[:_MOST])
    known = _by_markup(status, raw)
    if known is not None:
        return known
    if status == 202:  # the site itself never answers so
        return Challenge.CHALLENGE
    return Challenge.FORBIDDEN if status in {401, 403} else None


def may_be_a_wall(markup: bytes, *, though_watched: bool = False) -> bool:
    """Whether a page that is no refusal is a little like one: it proves nothing then.

    By its name; or by what watches it, where it is not in the site's frame.

    Args:
        though_watched: whether to pass over what vendors put on ordinary pages as well.
    """
    raw = markup[:_MOST]
    if any(map(may_name_a_wall, _names_of(raw))):
        return True
    if is_framed(raw) or shows_content(raw):
        return False
    body = raw.decode("utf-8", "replace").lower()
    is_watched = though_watched and not sets_a_task(body, _text_of(body))
    known = _marked(body, but_for=WATCHERS if is_watched else frozenset())
    return known is not None or _EMAIL_FIELD.search(body) is not None


def _by_headers(status: int, headers: Mapping[str, str]) -> Challenge | None:
    for name in HEADERS.keys() & headers.keys():
        value = headers[name].strip().lower()
        for start, kind in HEADERS[name].items():
            if value.startswith(start):
                return kind
    for name, (statuses, kind) in HEADERS_OF_REFUSALS.items():
        if name in headers and status in statuses:
            return kind
    return None


def _by_target(target: str | None) -> Challenge | None:
    """A refusal that sends us elsewhere: to log in, or to a vendor's own host."""
    if target is None:
        return None
    if _LISTING_PATH.match(urlsplit(target).path):  # a slug may be any word; a vendor's token is
        return _marked(urlsplit(target).query.lower())
    path = unquote(urlsplit(target).path)
    if _LOGIN_PATH.search(path):
        return Challenge.LOGIN
    known = _marked(target.lower())
    return known or (Challenge.CAPTCHA if _WALL_PATH.search(path) else None)


def _by_markup(status: int, raw: bytes) -> Challenge | None:
    body = raw.decode("utf-8", "replace").lower()
    names = _names_of(raw)
    if _asks_to_log_in(body, names):
        return Challenge.LOGIN
    if is_framed(raw):  # its scripts and forms are the site's own: what it is called decides
        return next(filter(None, map(wall_named, names)), None)
    text = _text_of(body)
    said = text if len(text) <= _LONGEST_WORDS else " \n ".join(names)
    told = _told(said)
    is_plain_error = told is None and status in _ERRORS and _says_an_error(said)
    is_watched = is_plain_error and not sets_a_task(body, text)
    known = _marked(body, but_for=WATCHERS if is_watched else frozenset())
    if is_plain_error:
        return known
    if known is None and (
        _EMAIL_FIELD.search(body) or (status < 400 and _PASSWORD_FIELD.search(body))
    ):
        return Challenge.LOGIN
    known = known or told
    if status < 400 and known is None and _stands_in_front(body, text):
        return Challenge.CHALLENGE
    return known


def _names_of(raw: bytes) -> tuple[str, str]:
    """What a page calls itself, in its title and in its heading."""
    return fold(title_of(raw)), _heading(raw.decode("utf-8", "replace").lower())


def _heading(body: str) -> str:
    start = body.find("<h1")
    markup = body[start : start + _LONGEST_HEADING] if start >= 0 else ""
    return _text_of(markup.partition("</h1")[0])


def _asks_to_log_in(body: str, names: tuple[str, str]) -> bool:
    if any(_LOGIN_TITLE.fullmatch(each.partition("|")[0].strip()) for each in names):
        return True
    return bool(_LOGIN_BODY.search(body) and _EMAIL_FIELD.search(body))


def _marked(body: str, but_for: frozenset[str] = frozenset()) -> Challenge | None:
    for kind, marks in MARKUP.items():
        if any(mark in body for mark in marks if mark not in but_for):
            return kind
    return None


def _says_an_error(said: str) -> bool:
    return _TROUBLE.search(said) is not None or _PLAIN_ERROR.search(said) is not None


def _told(text: str) -> Challenge | None:
    return next((kind for kind, words in WORDS.items() if words.search(text)), None)


def _stands_in_front(body: str, text: str) -> bool:
    """Whether a page that nobody knows looks like what vendors put there."""
    return bool(
        len(text) <= _LITTLE_TEXT
        and _TURNED_AWAY.search(body)
        and _TASK.search(body)
        and not _TROUBLE.search(text)
    )


def _text_of(body: str) -> str:
    """What people read of a page, on one line."""
    return fold(one_line(unescaped(_UNSEEN.sub(" ", body))) or "")
