"""Who a listing is: its canonical URL, its `property_id` and its EasyBroker id.

What takes a URL raises a PageError for one that is no listing's.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit

from pincali_sync.domain.headers import LONGEST_URL
from pincali_sync.domain.signs import JOINERS, UNSEEN
from pincali_sync.exceptions import PageError

CANONICAL_ROOT = "https://www.pincali.com/en/home/"
_HOSTS = {"pincali.com", "www.pincali.com"}  # beside that of the page itself

# en, es-MX and pt-BR forms, and the same listing below an agent's page.
# A slug with signs that mean something in a URL would be another one when read again; one that
# nobody sees as it is could pass for another.
_LISTING_PATH = re.compile(
    r"(?:/en/home|/home|/pt/imovel|(?:/inmobiliarios/[^/]+)?/inmueble)"
    r"/(?P<slug>(?!\.\.?/?$)"
    rf"[^/\\?#%\s\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff{UNSEEN}{JOINERS}]{{1,500}})/?",
    re.I,
)
_PLAIN_LINK = re.compile(  # nearly all
    r"(?:https://(?:www\.)?pincali\.com)?(?:/en/home|/inmueble)/([a-z0-9-]{1,500})/?"
)
_PUBLIC_ID = re.compile(r"EB-(?P<letters>[A-Z]+)(?P<digits>[0-9]{4})")
_PROPERTY_ID_DIGITS = 16
_SHOWN = 200


def slug_of(url: str) -> str:
    """The slug of a listing's URL or path, in lower case, whatever its host or language."""
    if plain := _PLAIN_LINK.fullmatch(url):
        return plain[1]
    try:
        path = urlsplit(url.strip()[:LONGEST_URL]).path
        match = _LISTING_PATH.fullmatch(unquote(path).lower())
    except ValueError:  # a broken host, such as "http://["
        match = None
    if match is None or len(url) > LONGEST_URL:
        raise PageError(f"{url[:_SHOWN]!r} is not the URL of a listing")
    return match["slug"]


def linked_listing(link: str, page_url: str) -> str:
    """The canonical URL of the listing that a page or file of the site links to.

    Raises:
        PageError: also for a link that leaves the site, whatever its path.
    """
    if plain := _PLAIN_LINK.fullmatch(link):
        return CANONICAL_ROOT + plain[1]
    # Browsers take "/\\host" and "/<tab>/host" for other hosts.
    if not (link[:1] == "/" and link[1:2].isalnum()) and not _stays(link.strip(), page_url):
        raise PageError(f"{link[:_SHOWN]!r} leaves the site")
    return canonical_url(link)


def _stays(link: str, page_url: str) -> bool:
    try:
        there, here = urlsplit(link), urlsplit(page_url)
        if not there.netloc:
            return not there.scheme  # "https:///en/home/x" leads to the host "en"
        is_web = there.scheme in {"", "http", "https"} and not {*"@\\"} & {*there.netloc}
        host = (there.hostname or "").removesuffix(".")
        if host in _HOSTS:
            return is_web and there.port in {None, 80, 443}
        return is_web and (host, there.port) == (here.hostname, here.port)
    except ValueError:
        return False


def canonical_url(url: str) -> str:
    """The English URL under which a listing is stored: no query, no trailing slash."""
    return CANONICAL_ROOT + slug_of(url)


def property_id_of(url: str) -> str:
    """`pincali_` + the first 16 hex digits of MD5 over the canonical URL."""
    digest = hashlib.md5(canonical_url(url).encode(), usedforsecurity=False).hexdigest()
    return f"pincali_{digest[:_PROPERTY_ID_DIGITS]}"


def is_same_slug(url: str, other: str) -> bool:
    """Whether two URLs are forms of one; False where one of them is no listing's."""
    try:
        return slug_of(url) == slug_of(other)
    except PageError:
        return False


def public_id_of(numeric_id: int) -> str:
    """The EasyBroker id of the site's numeric id: 5123456 is EB-SR3456.

    The digits are the id modulo 10,000; the letters are bijective base 26 (A = 1) of the rest.

    Raises:
        ValueError: below 10,000, where there would be no letter.
    """
    high, low = divmod(numeric_id, 10_000)
    if high < 1:
        raise ValueError(f"{numeric_id} is too small for an EasyBroker id")
    letters = ""
    while high:
        high, rest = divmod(high - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"EB-{letters}{low:04d}"


def numeric_id_of(public_id: str) -> int:
    """The site's numeric id of an EasyBroker id: the inverse of `public_id_of`.

    Raises:
        ValueError: for text that is no EasyBroker id.
    """
    match = _PUBLIC_ID.fullmatch(public_id)
    if match is None:
        raise ValueError(f"{public_id!r} is no EasyBroker id")
    high = 0
    for letter in match["letters"]:
        high = high * 26 + ord(letter) - ord("A") + 1
    return high * 10_000 + int(match["digits"])
