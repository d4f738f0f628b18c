"""What the words beside a price say of it. One that is not known makes it no price.

A list of what is known holds where one of what is not would never end: other countries' money,
other areas, nights, beds, discounts, ranges and millions in words all fall out of it.
"""

from __future__ import annotations

import re
import unicodedata

from pincali_sync.domain.numbers import NUMBER_FORM

Said = frozenset[str]  # names of groups of words

_AMOUNT = re.compile(rf"(?<![0-9.,'-]){NUMBER_FORM}")  # may be glued to letters: "MXN3,000"
_DIGIT = re.compile("[0-9]")
CURRENCIES = frozenset({"mxn", "usd", "eur"})
_NOT_OF_A_CONVERSION = frozenset({"fee", "was", "plus", "now", "badge"})
_AREAS = frozenset({"m2", "hectare"})
UNITS = CURRENCIES | _AREAS | {"month"}

# Ways to write the same sign. Others, such as strokes through a digit, stay, and are not known.
_SAME: dict[int, str | None] = {
    **{sign: chr(sign - 0xFEE0) for sign in range(0xFF01, 0xFF5F)},  # of full width
    **dict.fromkeys((0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "),
    **dict.fromkeys(map(ord, "´’‘ʼ′"), "'"),
    **dict.fromkeys((0xAD, *range(0x200B, 0x2010), 0x61C, 0x2060, 0xFEFF), None),  # not seen
    **dict.fromkeys((0x300, 0x301, 0x302, 0x303, 0x308, 0x327), None),  # accents
    ord("﹩"): "$",
    ord("㎡"): "m²",
}

_METRES = r"m(?:ts?|trs?|etros?|eters?|etres?)?"
# "m" first: what begins with a known letter is found much faster.
_SQUARED = re.compile(rf"m(?<![a-wyz]m)(?:{_METRES[1:]})\.?\s?(?:\^?\s?2|²)(?![0-9]|[.,][0-9])")

SALE = (
    r"pre-?\s?(?:venta|sale)|sale|sell|selling|ventas?|vendas?|vende[rn]?"
    r"|(?:bank\s)?foreclosures?|remates?(?:\s(?:bancarios?|hipotecarios?|judicial(?:es)?))?"
    r"|leil(?:ao|oes)"
)
RENT = (
    r"rent(?:s|als?|as?|ar)?|alquiler(?:es)?|alquila|alug(?:ar|uel|a)|arriendo|arrendamiento|lease"
)
_IN = r"(?:(?:for|en|em|para|de|a|se)\s)?"
_PER = r"(?:\b(?:por|per)\s(?:cada\s)?|\b(?:a|al|ao|el|la|each|cada)\s|(?:\b[cpx]\s?)?/\s?|\bx\s?)"
_SQUARE_METRES = (
    rf"(?:m²|\b{_METRES}\.?\s?(?:[cq]uadrad[oa]s?|cuad)\b|\bsqm\b"
    r"|\bsq(?:uare|\.)?\s?(?:m|mts?|mtrs?|met(?:er|re)s?)\b)"
)
_OF_WHAT = r"(?:terreno|land|construccion|superficie|construid[oa]s?|rentables?|util(?:es)?)"
_FEES = (
    r"(?:iva|i\.v\.a|vat|tax(?:es)?|impuestos?|mantenimiento|manto|mtto|maintenance|hoa|condominio"
    r"|gastos|cuotas?|fees?|dues|expensas|servicios|utilities|depositos?|deposit|escritura\w*"
    r"|notariales)"
)
_REQUEST = (
    r"consult\w*|contact\w*|request|solicit\w*|cotiza\w*|pedido|pedir|combinar|convenir|definir"
    r"|inquire|enquire|ask|call|llam[ae]\w*|pregunt\w*|poa|tbd|application|not available"
    r"|no disponible|sin precio"
)

_WORDS = {
    "request": rf"\b(?:(?:a|on|upon|by|sob|bajo|por)\s)?(?:{_REQUEST})\b"
    r"(?:\s(?:us|for|por|para|el|o|the|al?|agente?|asesor)\b)*",
    "from": r"\b(?:from|desde|starting (?:at|from)|a partir(?: d[eo])?)\b",
    "onwards": r"\ben adelante\b",
    "m2": rf"{_PER}?{_SQUARE_METRES}(?:\s(?:de |of )?{_OF_WHAT}\b)?"
    rf"|{_PER}(?:metros?|mts?|meters?|metres?)\b",
    "hectare": rf"{_PER}(?:has?|hect|hectareas?|hectares?)\b",
    "month": rf"(?:{_PER}|\b)(?:mes|month)\b|/\s?mo\b"
    r"|\b(?:mensual(?:es)?|monthly|mensal|mensais)\b",
    "sale": rf"\b{_IN}(?:{SALE})\b",
    "rent": rf"\b{_IN}(?:{RENT})\b",
    "label": r"\b(?:asking )?(?:prices?|precios?|preco|valor|costo|total)"
    r"(?: (?:de contado|de|total|final|actual|especial))?\b",
    "badge": r"\b(?:under|new|en|em|in|nuev[oa])\s(?:constru(?:ction|ccion|cao)|development"
    r"|desarrollo)\b|\b(?:new|nuev[oa]|featured|destacad[oa]|exclusiv[aeo])\b",
    "now": r"\b(?:now|ahora|agora)\b",
    "open": r"\b(?:no |not |non-)?(?:negociables?|negotiable|negociavel)\b|\ba tratar\b",
    "included": rf"\b(?:no )?incl\w*\.?\s(?:el )?{_FEES}\b|\b{_FEES}\s(?:no )?inclu\w+"
    rf"|\b(?:con|sin|with|without|com|sem)\s{_FEES}\b",
    "mxn": r"\b(?:mxn|mxp|mx|mex|m\.?\s?n|moneda nacional|mexican pesos?)\b"
    r"|\bpesos?(?: mexicanos?)?\b",
    "usd": r"\b(?:usd?|usa|u\.\s?s(?:\.\s?[da])?)\b|\bu\$[sd]\b|\b(?:american )?dollars?\b"
    r"|\b(?:dolar(?:es)?|dll?a?rs?|dlls?|dls)(?:\.?\s(?:americanos?|estadounidenses?))?\b",
    "eur": r"€|\b(?:eur|euros?)\b",
    "sign": r"\$",
    "number": "#",
    "gap": r"[\s:;,.!¡|·•*()\[\]]+|(?<=\s)[-–—/](?=\s)|(?<=#)-{1,2}(?![^\s€])",
}
_ASIDE_WORDS = {
    "fee": rf"\b{_FEES}\b",
    "was": r"\b(?:antes|was|before|anterior)\b",
    "about": r"[≈~≃≅=]|\b(?:aprox\w*|approx\w*|equiv\w*|about|around)\b",
    "plus": r"\+|\b(?:mas|plus|mais)\b",
    "filler": r"[%/]|\b(?:de|del|of|el|la|a|to|en|y|and|mes|meses|incl\w*)\b",
}


def _one_of(words: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in words.items()))


_BESIDE_A_PRICE = _one_of(_WORDS)
_IN_AN_ASIDE = _one_of(_WORDS | _ASIDE_WORDS)
# How a text beside a price begins that names another unit, or other money: there, too, nobody can
# list all of them, so that "por" and "/" say it of whatever follows. A noun does where no word
# follows: "Mil Cumbres" is a place.
_TIMES = (
    r"noches?|nights?|noites?|dias?|days?|semanas?|weeks?|wk|quincenas?|anos?|years?|yr|horas?"
    r"|hours?|temporadas?"
)
_OTHER_NOUNS = (
    rf"{_TIMES}|personas?|persons?|people|pax|pp|p\.a|c/u|each"
    r"|metros?(?: lineal(?:es)?)?|[kc]?m[²³]?|ml|hectareas?|hectares?|has?|acres?"
    r"|(?:sq(?:uare|\.)? ?)?(?:ft|feet|foot|yd)²?|sqft"
    r"|(?:pies?|varas?|yardas?)(?:²| cuadrad[oa]s?)?|udis?|umas?|uf|mdp|mdd|k"
    r"|(?:mil(?:es)?|mill(?:on(?:es)?|ions?))(?: (?:de )?(?:pesos|dolares|euros|mxn|usd|eur))?"
    r"|ars|aud|bob|brl|bs|btc|bzd|cad|chf|clp|cny|cop|crc|cup|dkk|dop|eth|gbp|gtq|hkd|hnl|htg|inr"
    r"|jmd|jpy|kr|krw|nio|nok|nzd|pab|pen|pln|pyg|q|rub|sek|sgd|ttd|usdt|uyu|ves|zar"
    r"|reais|soles|quetzales|colones|lempiras|libras|pounds|[bs]/"
)
_OTHER_UNIT = re.compile(
    r"(?:por|per|cada)\s(?!\w{4,}[aei]r(?:se)?\b)[a-z#]"  # no "por estrenar"
    rf"|(?:a|al|a la|el|la|x)\s(?:{_TIMES})\b|x?/\s?[a-z#]|(?<=/\s)[a-z#]|[cp]/\s?[a-z#]"
    r"|(?:nightly|daily|weekly|hourly|yearly|annual(?:ly)?|vacation(?:al)?|vacacional(?:es)?"
    r"|diari[oa]s?|(?:semanal|quincenal|bimestral|trimestral|semestral|anual)(?:es)?|canad\w+)\b"
    r"|[a-z]{1,3}\$|[\u00a3-\u00a5\u20a0-\u20bf]"
    rf"|(?:{_OTHER_NOUNS})(?![\w²³])\.?+(?!\s[a-z])"
)
_RAISED = re.compile(r"(?<=[a-z])\^?2(?![0-9])")  # "ft2"
_BRACKETED = re.compile(r"\(([^()]*#[^()]*)\)|\[([^\[\]]*#[^\[\]]*)\]")
_ASIDE_BEGINS = re.compile(rf"(?={_ASIDE_WORDS['about']}|{_ASIDE_WORDS['plus']})")


def plain(text: str) -> str:
    """A text in small letters without accents, its signs in one way of writing: "m²", "'"."""
    if not text.isascii():
        text = unicodedata.normalize("NFD", text).translate(_SAME)
    return _SQUARED.sub("m²", text.lower())


def masked(text: str) -> tuple[str, str]:
    """A plain text with "#" for its amounts, and the first of these; empty where it has none."""
    first = _AMOUNT.search(text)
    if first is None:
        return text, ""
    behind = text[first.end() :]
    if _DIGIT.search(behind):  # seldom, and found faster than amounts
        behind = _AMOUNT.sub("#", behind)
    return f"{text[: first.start()]}#{behind}", first[0]


def said_of(wording: str) -> Said | None:
    """What is said of the first amount of a plain text in which "#" stands for amounts.

    Returns:
        None where a word is not known, or it is not certain that the first amount is the price.
        Amounts that do not count: a conversion behind it in brackets or after "≈" or "aprox.",
        a fee or the former price in brackets, a fee after "+".
    """
    before, number, behind = wording.partition("#")
    asides = [match[1] or match[2] for match in _BRACKETED.finditer(behind)]
    behind, *tails = _ASIDE_BEGINS.split(_BRACKETED.sub(" ", behind))
    said = None if "#" in behind else _names(_BESIDE_A_PRICE, before + number + behind)
    for aside in asides:
        if said is None or _with_aside(said, aside) != said:
            return None
    for tail in tails:
        said = _with_aside(said, tail) if said else None
    return said


def qualifies(text: str, *, behind: bool) -> bool:
    """Whether a plain text without an amount says what a price beside it is in, or for, known or
    not, or that others begin at it; with no word before that but such as "Precio" and "En renta".

    Args:
        behind: the text stands behind the price. A "desde" there is of what follows.
    """
    wording = masked(_RAISED.sub("²", f" {text}"))[0]
    said: set[str] = set()
    end = 0
    while match := _BESIDE_A_PRICE.match(wording, end):
        said.add(match.lastgroup or "")
        end = match.end()
    if "number" in said:
        return False
    if not said.isdisjoint(UNITS) or _OTHER_UNIT.match(wording, end):
        return True
    return ("onwards" if behind else "from") in said and end == len(wording)


def _names(words: re.Pattern[str], text: str) -> Said | None:
    said: set[str] = set()
    end = 0
    for match in words.finditer(text):
        if match.start() != end:
            return None
        said.add(match.lastgroup or "")
        end = match.end()
    return frozenset(said) if end == len(text) else None


def _with_aside(said: Said, aside: str) -> Said | None:
    """What is said together with an aside; None unless it is clear what its amount is."""
    words, amounts = _names(_IN_AN_ASIDE, aside), aside.count("#")
    if words is None:
        return None
    if not amounts:  # "+ IVA"; "aprox." would be about the price itself
        return said | words if "fee" in words and "about" not in words else None
    if (words & _AREAS) - said:
        return None
    is_clear = _is_fee(words, amounts) or _is_conversion(said, words)
    return said | (words & {"sale", "rent"}) if is_clear else None


def _is_fee(words: Said, amounts: int) -> bool:
    return amounts == 1 and bool(words & {"fee", "was"})


def _is_conversion(said: Said, words: Said) -> bool:
    # A bare "$" in an aside may be of either: "US$ 190,000 ($185,000)".
    others = words & CURRENCIES or ({"mxn", "usd"} if "sign" in words else set())
    price = said & CURRENCIES or {"mxn"}
    return bool(others) and not others & price and not words & _NOT_OF_A_CONVERSION
