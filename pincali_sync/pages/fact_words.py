"""The words of feature chips, in English, Spanish and Portuguese, as `plain` leaves them."""

from __future__ import annotations

import re

from pincali_sync.pages.text import fold

# What makes a number another one than stands there: nothing is said then.
HEDGE = re.compile(
    r"\b(?:(?:mas|mais|menos|more|less) (?:de|than)|[ou] mas|ou mais|or more|y mas|and up|over|"
    r"under|above|below|up to|at least|(?:al|por lo|pelo) menos|desde|hasta|from|ate|a partir|"
    r"starting|entre|between|min|max|m[ai][nx]im[oa]s?|minimum|maximum|aprox\w*|approx\w*|about|around|"
    r"circa|cerca|casi|quase|almost|nearly|por|per|precio|price|mantenimiento|maintenance|"
    r"cada|each|[oi]pcional\w*|optional\w*|posib\w*|possib\w*|ampliable\w*|convertib\w*)\b"
    r"|[~≈<>±$€£%]|^\s*[-+−–—]"
)

DIGIT = re.compile("[0-9]")
FIGURES = re.compile("[0-9]+")
UNITS = SQUARE_METRES, HECTARES, OTHER_AREA = "sqm", "hectares", "sqft"
_UNITS = (
    (
        SQUARE_METRES,
        r"(?<![a-z])(?:m(?:ts?|trs?|etros?)?\.?(?:\^?2(?![0-9])|\s?(?:cuadrados?|quadrados?|cuad)\b"
        r"|\s2(?=\s*$|\s+(?:de|total|lot|const)))"
        r"|sq\.?\s?m(?:ts?|trs?|et(?:er|re)s?)?\b|square\s+met(?:er|re)s?\b)\.?",
    ),
    (HECTARES, r"(?<=[0-9])\s*(?:has?|hectareas?|hectares?)\b\.?"),
    (
        OTHER_AREA,
        r"(?<![a-z])(?:sq\.?\s?f(?:ee|oo)?t|square\s+f(?:ee|oo)t|ft\^?2|pies?\s?(?:2|cuadrados)|"
        r"acres?|varas?(?:\s?2|\s+cuadradas)?)\b\.?",
    ),
)
_WRITTEN_UNITS = tuple(
    (f" {name} ", re.compile(rf"\(\s*{unit}\s*\)|{unit}")) for name, unit in _UNITS
)

_MAY_HAVE_UNIT = re.compile("2|cuad|quad|sq|ha|hec|acre|vara|pie")

_BATHS = r"(?:bath(?:room)?s?|ba|banos?|banheiros?)"
_HALF = r"(?:a half|medi[oa]|mei[oa]|1/2)"
_HALVES = tuple(
    (re.compile(pattern), decimal)
    for pattern, decimal in (
        # "2 baños y medio", "2 and a half baths", "2 1/2", "1/2"
        (
            rf"\b([0-9]+) ({_BATHS})(?:,| ?\+| y| e| and| con)? {_HALF}(?: {_BATHS})?(?![\w/])",
            r"\1.5 \2",
        ),
        (rf"\b([0-9]+) (?:y|e|and) {_HALF}(?= )", r"\1.5"),
        (r"(?<![\w/.,])([0-9]+)(?: | ?- ?)1/2(?![\w/])", r"\1.5"),
        (r"(?<![\w/.,])1/2(?![\w/])", "0.5"),
    )
)
_MAY_BE_HALVED = re.compile(r"1/2|half|\b(?:medi|mei)[oa]\b")

# What parts one statement from the next; signs between two digits are part of a number.
_BETWEEN = re.compile(
    r" ?[;|•·()\[\]] ?|, | ?+[,/&] ?+(?![0-9])|(?<![0-9])(?<![0-9] ) ?[,/&+] ?| \+ (?![0-9])"
    r"|(?<=[a-z.]) [-–—] | (?:y|e|and|con|com|with|mas|plus|en|in|em|sobre|on) "
)
_BETWEEN_AREAS = (re.compile(rf"(?<={SQUARE_METRES})\s+"), re.compile(r"\s+(?=[0-9])"))

_COUNT = r"(?P<n>[0-9]{1,4}(?:[.,][0-9]{1,2})?)"
_UNLIKE = r"(?:sqm|sqft|hectares|m|mts?|metros?|cm|km|ft|pies|half|medi[oa]s?|mei[oa]s?)\b"
_TAIL = rf"(?:\s+(?!{_UNLIKE})[a-z][a-z.']*)*"
_LIKE = r"(?:(?:full|complete|covered|roofed|indoor|private|assigned)\s+)?"
_LABEL = r"(?:(?:number|numero|n[ou]m?|total|cantidad|quantidade)\.?\s+(?:of|de)\s+|total\s+|#\s*)?"
# All that may stand beside a count without making it one of something else.
_KIND = (
    r"(?:techad[oa]s?|cubiert[oa]s?|cobert[oa]s?|complet[oa]s?|privad[oa]s?|asignad[oa]s?|propi[oa]s?|"
    r"full|complete|covered|roofed|indoor|private|assigned|(?:en |in |em )?total(?:es)?)\b"
)
_VEHICLES = r"(?:cars?|autos?|coches?|carros?|vehiculos?|vehicles?)"
_NOT_ITS_OWN = r"\b(?:visit|guest|shared|compart|comun)"
_OTHERS = rf"(?!.*{_NOT_ITS_OWN})"
_PARKING = (
    r"parking(?:\s+(?:spaces?|spots?|lots?|places?|stalls?))?"
    r"|(?:cajon(?:es)?|lugar(?:es)?|espacios?|plazas?)\s+(?:de|para)\s+"
    rf"(?:estacionamiento|garaje|{_VEHICLES})"
    r"|vagas? (?:de|na) gara(?:gem|gens)"
    rf"|cajon(?:es)?|estacionamientos?|cocheras?|garages?|garajes?|garagens|vagas?|{_VEHICLES}"
)
_PLACES = r"(?:lugar(?:es)?|espacios?|plazas?|spaces?|spots?|places?)"
ROOMS = {
    "bedrooms": r"bed(?:room)?s?|b(?:dr?m?|r)s?|recamaras?|rec(?:am)?s?|hab(?:itacion(?:es)?|s)?|"
    r"dorm(?:itorios?|s)?|alcobas?|quartos?",
    "half_bathrooms": rf"(?:half|medios?|meios?)[\s-]*{_BATHS}",
    "bathrooms": _BATHS,
    "parking_spaces": rf"{_OTHERS}(?:{_PARKING})",
}
FLOORS = r"floors|stor(?:y|ey|ies|eys)|levels|pisos|niveles|plantas|andares|pavimentos"
COUNTS = tuple(
    (name, re.compile(pattern))
    for name, words in ROOMS.items()
    for pattern in (
        rf"{_COUNT}\s*-?\s*{_LIKE}(?:{words})\.?{_TAIL}",
        rf"{_LABEL}(?:{words})(?:\s+{_KIND})*\s*(?::|(?<=s)(?=\s))\s*{_COUNT}"
        rf"(?:\s+(?:{_KIND}|{_PLACES}|{words}))*",
    )
) + tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        # "3+1 recámaras": the last is a study, or for the maid
        ("bedrooms", rf"{_COUNT} ?\+ ?[0-9] (?:{ROOMS['bedrooms']}){_TAIL}"),
        ("bathrooms", rf"{_COUNT} (?:full|completos?|completas?)"),
        ("half_bathrooms", rf"{_COUNT} (?:half|medios?|meios?)"),
        (
            "parking_spaces",
            rf"{_OTHERS}(?:{_PARKING}){_TAIL}\s+(?:para|for|p/)\s+{_COUNT}\s+{_VEHICLES}",
        ),
        ("parking_spaces", rf"{_COUNT}[\s-]+car\s+garage"),
        ("total_floors", rf"{_COUNT}[\s-]*(?:{FLOORS})"),
        ("total_floors", r"(?P<n>1) (?:floor|level|piso|nivel|planta|andar|pavimento)"),
        ("total_floors", rf"{_LABEL}(?:{FLOORS})\s*:?\s*{_COUNT}"),
    )
)
# Short for bathrooms only where these are spoken of, or both kinds are.
SHORT = re.compile(r"(?:[0-9.]+ )(?:full|complet[oa]s?|half|medios?|meios?)")
BATHS = re.compile(rf"\b{_BATHS}\b")
HALF = re.compile(_HALF)  # "2 niveles y medio": more than 2
POWDER_ROOM = "1 lavabo"  # in Portuguese; "lavabos" are washbasins
BESIDE_ICON = re.compile(rf"(?P<n>[0-9]{{1,4}})(?:\s+{_KIND})*")
OF_OTHERS = re.compile(_NOT_ITS_OWN)  # parking that is not the listing's own
# Counted beside the rooms, and no room of their own columns.
_OF_STAFF_OR_GUESTS = (
    rf"(?:[cq]uartos?|recamaras?|habitacion(?:es)?|dormitorios?|{_BATHS}) (?:de|para) "
    r"(?:servicio|servico|empregada|tv|visitas?|huespedes|hospedes)|"
    r"(?:service|maid'?s?|guest) (?:bed|bath)?rooms?"
)
EXTRA = re.compile(
    r"[0-9]{1,2} (?:stud(?:y|ies)|estudios?|dens?|offices?|oficinas?|bodegas?|storage|escritorios?|"
    rf"family rooms?|salas? de tv|suites?|{_OF_STAFF_OR_GUESTS})|"
    rf"{_LABEL}(?:{_OF_STAFF_OR_GUESTS})\s*:?\s*[0-9]{{1,2}}"
)

_OF_MANY = r"(?:\s*(?:of|out of|de|do|/)\s*(?P<of>[0-9]{1,3}))?"
FLOOR = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_LABEL}(?:floor|piso|andar)(?:\s+(?:number|numero|no\.?))?\s*[:#]?\s*"
        rf"(?P<n>[0-9]{{1,3}}){_OF_MANY}",
        r"(?P<n>[0-9]{1,3})(?:st|nd|rd|th|er|[rdtmvn]o|[ao]|°)\.?\s+(?:floor|piso|andar|nivel)"
        rf"{_OF_MANY}",
    )
)
_BUILT = (
    r"(?:(?:year|ano)(?: of| de(?: la)?)? (?:built|construction|construccion|construcao)"
    r"|construction year|built(?: in| en)?|construid[oa] e[nm](?: el ano)?)\s*[:=]?\s*"
)
_BUILDING = (
    r"(?:inmueble|imovel|edificio|propiedad|propriedade|casa|departamento|apartamento|vivienda|"
    r"construccion|construcao|building|property|house|home)"
)
_AGE = rf"(?:age|antiguedad|edad|idade)(?: (?:of|del?|do|da)(?: the| la)? {_BUILDING})?\s*[:=]?\s*"
YEAR = re.compile(rf"{_BUILT}(?P<n>[0-9]{{4}})")
AGE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_AGE}(?P<n>[0-9]{{1,3}})(?: (?:years?|yrs?|anos?)(?: old)?)?",
        r"(?P<n>[0-9]{1,3})[\s-](?:years?|yrs?)[\s-]old",
        r"(?P<n>[0-9]{1,3}) anos? de (?:antig\w*|uso|construid[oa])\.?",
    )
)
NEW = re.compile(
    rf"(?:{_BUILT}|{_AGE})(?:brand )?(?:new|nuev[oa]|nov[oa]|a estrenar)"
    r"|(?:(?:estado|condicion|casa|dep(?:artamen)?to|propiedad|inmueble|nuev[oa]):?,? )*a estrenar"
)
YEARS = re.compile(r"(?P<n>[0-9]{1,3}) (?:years?|yrs?|anos?)")  # an age, where it is all

_AREA_WORD = (
    r"(?:de|del|la|el|do|da|of|the|un|area|sup|superficie|size|space|espacio|tamano|tamanho|totale?s?|"
    r"lot|land|plot|terreno|lote|const|constr|construccion|construcao|construction|construid[oa]s?|"
    r"constructed|built|building|covered|edificad[oa]s?|cubiert[oa]s?|techad[oa]s?)\.?"
)
_BEFORE, _AFTER = (
    rf"(?P<before>(?:{_AREA_WORD}\s+)*?(?:{_AREA_WORD})?)",
    rf"(?P<after>(?:\s+{_AREA_WORD})*)",
)
# "Lote 5 200 m²" is lot 5, of 200 m².
_NO_NAME = "".join(
    f"(?<!{word} )" for word in ("lote", "terreno", "lot", "plot", "land", "building")
)
_NUMBER = rf"(?P<n>{_NO_NAME}[0-9]{{1,3}}(?: [0-9]{{3}})+|[0-9][0-9.,']*)"
AREA = (
    re.compile(rf"{_BEFORE}\s*[:=]?\s*{_NUMBER}\s*(?P<unit>sqm|hectares|sqft){_AFTER}"),
    re.compile(rf"{_BEFORE}\s*(?P<unit>sqm|sqft){_AFTER}\s*[:=]?\s*{_NUMBER}"),
)
# "50 m² de terraza": understood, and in no column. The end of a range is no place ("60 m² a", "to
# 120 m²"), and where there are several, the next area is another one's ("Terrenos 120 m²").
_FROM_TO = r"(?:al?|to|ou?|or|u|x|by|ate|hasta|till?|until|through|thru|and|[ye]|vs|versus)"
_SEVERAL = (
    r"(?:terrenos|predios|lot(?:e?s|ificaciones)|plots|casas|houses|homes|deptos|departamentos|"
    r"apartamentos|apartments|condos|unidades|units)"
)
OTHER_PLACE = re.compile(
    rf"(?!{_SEVERAL}\b)(?!(?:.*\b)?{_FROM_TO}\b[ .:]*[0-9])[a-z .:]*{_NUMBER}\s*"
    rf"(?:sqm|hectares|sqft)(?!.*\b{_FROM_TO}\.?$)[a-z .]*"
)
LOT = re.compile(r"\blot\b|\bland\b|\bplot\b|terreno|\blote\b|fa-expand")
BUILT = re.compile(r"\bconst|built|building|covered|edificad|cubiert|techad|fa-cube")
# 1.225 m² is 1,225 in one language, and one and a quarter in the other.
EITHER_WAY = re.compile(r"[0-9]{1,3}\.[0-9]{3}")


def plain(text: str) -> str:
    """Words without accents and case, halves as decimals, units in one way of writing."""
    words = fold(text.replace("½", " 1/2 ")).replace("\u2044", "/")
    if _MAY_HAVE_UNIT.search(words):
        for name, unit in _WRITTEN_UNITS:
            words = unit.sub(name, words)
    words = " ".join(words.split()).rstrip(" .:")
    if _MAY_BE_HALVED.search(words):
        for halves, decimal in _HALVES:
            words = halves.sub(decimal, words)
    return words


def statements(words: str) -> list[str]:
    """The parts of a chip, each of which should say one thing."""
    parts: list[str] = []
    for part in _BETWEEN.split(words):
        is_double = part.count(SQUARE_METRES) > 1
        parts += _BETWEEN_AREAS[part[0].isdigit()].split(part) if is_double else [part]
    return [part.strip(" .:") for part in parts if part.strip(" .:")]
