"""What a page says of its listing's end, in a sentence of its own.

Only whole sentences about this listing count: "a house was sold every five minutes", "some listings
may show as no longer available" and questions say nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pincali_sync.domain.liveness import Judgement, Verdict
from pincali_sync.pages.blocks import Block, sentences_of
from pincali_sync.pages.date_words import DATE
from pincali_sync.pages.end_words import DID, DONE, ON_OFFER, taken_in

_FEW_WORDS = 150  # of a page that has little else to say

# All in lower case without accents. "This listing", "el anuncio", "este imóvel".
_LISTING = r"(?:listing|property|ad|anuncio|propiedad|inmueble|publicacion|imovel)"
# What a listing is of, and one unit of a development is as well.
_UNIT = (
    r"(?:home|house|townhouse|apartment|flat|condo|studio|penthouse|loft|room|unit|lot|land|ranch|"
    r"office|warehouse|casa|departamento|depa|terreno|lote|oficina|local(?: comercial)?|bodega|"
    r"rancho|quinta|habitacion|cuarto|duplex|cabana|villa|edificio|nave(?: industrial)?|vivienda|"
    r"apartamento|escritorio|cobertura|sobrado|sala|galpao|chacara)"
)
_NOUN = (
    rf"(?:(?:real estate |property )?{_LISTING}|{_UNIT}|advert|advertisement|posting|post|"
    r"publication|rental|development|aviso|desarrollo|ficha|listado|propriedade|publicacao)"
)
_THIS = r"(?:th(?:is|at)|est[eao]|es[eao]|ess[ea]|dich[oa])"
_THE = r"(?:the|el|la|o|a)"
# "… you are looking for", "… que intentas ver", "… que você procura".
_SOUGHT = (
    r"(?:,? (?:(?:that |which )?you(?:'re|'ve| are| were| have)?|(?:al |a la )?que(?: usted| tu)?|"
    r"que voce)(?: (?:looking|searching|trying|for|at|to|just|requested|wanted|selected|clicked|"
    r"followed|tried|see|view|open|reach|access|find|on|est[ae]s?|estabas?|estava|intentas?|"
    r"intentabas?|intento|quieres?|deseas?|tratas?|tratabas|busca[sn]?|buscabas?|buscaste|buscava|"
    r"buscou|viste|visitaste|buscando|"
    r"viendo|consultando|consultas?|solicitas?|solicitaste|solicito|solicitou|seleccionaste|"
    r"visitas|"
    r"procura|procurava|procurando|procurou|tentou|tentando|quer|has|ha|solicitado|de|ver|visitar|"
    r"abrir|acceder|acessar|visualizar|consultar|encontrar)){1,5})"
)
_THERE = (
    rf"(?:{ON_OFFER}|available|active|published|listed|online|valid|on the market|disponible|"
    r"disponivel|publicad[oa]|activ[oa]|ativ[oa]|vigente|visible|anunciad[oa]|"
    r"en (?:linea|el mercado)|no ar|no mercado)"
)
_TAKEN = (
    rf"(?:{DONE}(?: out)?|removed|deleted|deactivated|unpublished|withdrawn|archived|"
    r"taken (?:down|off the market)|expired|ended|inactive|paused|suspended|off the market|"
    r"dad[oa] de baja|inac?tiv[oa]|fuera del mercado|fora do mercado|"
    r"(?:pausad|suspendid|suspens|eliminad|retirad|removid|borrad|desactivad|despublicad|cancelad|"
    r"archivad|quitad|finalizad|expirad|vencid|caducad|excluid|apagad|desativad|deletad|"
    r"encerrad)[oa])"
)
_WAS = (
    r"(?:(?:has|have|is|was|were|now|since|already|been|recently|just|ya|fue|ha|sido|esta|"
    r"se encuentra|quedo|ja|foi) ){1,4}"
)
SAID = "(?:{})".format(
    "|".join(
        (
            rf"(?:is |are |was )?no longer {_THERE}|no longer exists?",
            rf"(?:is |are )?not {_THERE} any ?(?:more|longer)",
            rf"isn't {_THERE} any ?(?:more|longer)",
            r"does(?: not|n't) exist any ?(?:more|longer)",
            r"(?:is )?not (?:currently )?published|no esta publicad[oa](?: actualmente)?",
            r"no publicad[oa]|nao (?:esta )?publicad[oa]",
            rf"ya no (?:(?:esta|se encuentra|sigue) )?(?:mas )?{_THERE}|ya no existe",
            rf"no (?:esta|se encuentra) mas {_THERE}",
            r"(?:dejo|ha dejado) de (?:estar disponible|publicarse)",
            rf"(?:ya )?se (?:{DID}|elimino|retiro)",
            r"(?:ya )?(?:expiro|caduco|vencio|finalizo)",
            rf"(?:ya )?se ha {DONE}",
            r"(?:ya )?ha (?:expirado|caducado|vencido|finalizado)",
            rf"(?:ja )?nao (?:esta|se encontra) mais {_THERE}|ja nao (?:esta|se encontra) {_THERE}",
            r"(?:ja )?nao existe mais|ja nao existe|expirou|deixou de estar disponivel",
            r"saiu do (?:ar|mercado)|salio del mercado",
            rf"{_WAS}(?:marked as |marcad[oa] (?:como|por) )?{_TAKEN}",
        )
    )
)
_BY = (
    r"(?: (?:from|on|by|at|in|de|del|en|por|al|do|da|no|na|pelo|pela)(?: (?:the|its|our|this|el|la|"
    r"su|nuestro|nuestra|este|esta|o|a|seu|sua|nosso))? (?:site|website|market|marketplace|portal|"
    r"pincali|platform|owner|advertiser|agent|agency|seller|publisher|user|broker|author|autora?|"
    r"sitio|pagina|"
    r"plataforma|mercado|anunciante|propietari[oa]|duen[oa]|agente|asesor|inmobiliaria|usuario|"
    r"vendedor|ar|proprietari[oa]|corretor|imobiliaria)){0,2}"
)
_SORRY = (
    r"(?:(?:(?:we're |we are )?(?:very |so )?sorry|wh?oops|oh no|unfortunately|notice|note|"
    r"error 404|"
    r"lo sentimos(?: mucho)?|lo lamentamos|disculp[ae]|que pena|u?ps|ops|opa|poxa|aviso|atencion|"
    r"atencao|lamentablemente|"
    r"desafortunadamente|desculpe|infelizmente|(?:lamentamos|sentimos)(?: informarl?[te]e?)?|"
    rf"we regret to inform you|but|pero|mas|{DONE})"
    r"[,.:!]* (?:que |that )?){0,2}"
)
_APOLOGY = re.compile(_SORRY)
OF_A_UNIT = re.compile(rf"\b(?:{_THIS}|{_THE}) {_UNIT}\b")
# "The owner has removed this listing."
_PERSON = (
    r"(?:owner|advertiser|agent|seller|publisher|anunciante|propietari[oa]|duen[oa]|agente|asesor|"
    r"vendedor|inmobiliaria|proprietari[oa]|corretor)"
)
_HAS_TAKEN = (
    rf"(?:(?:has |ha )?(?:{DONE}|removed|deleted|withdrawn|unpublished|paused|suspended|"
    rf"eliminado|retirado|dado de baja|pausado|suspendido)|{DID}|elimino|retiro|borro|"
    r"dio de baja|pauso|suspendio|removeu|excluiu|pausou|suspendeu)"
)
# "… on 3 March 2026".
_ON = rf"(?: (?:on|el(?: dia)?|em|no dia) {DATE})?"
# "…, but here are similar ones": what such a page offers instead.
_INSTEAD = (
    r"(?:,? (?:but|pero|mas|however|sin embargo|please|por favor|here|see|te|le|mira|conoce|"
    r"veja)\b[^.]{0,80}\b(?:similar(?:es)?|"
    r"others?|otr[ao]s|more|outr[ao]s|semelhantes|search|busca|busqueda)\b[^.]{0,60})?"
)
_MORE = (
    r"(?:(?:,? (?:and|or|o|y|e|ou|u|because it|as it|porque|ya que|pois)|: it) "
    rf"(?:{SAID}|{_TAKEN}){_BY}){{0,2}}"
)
_GONE = re.compile(
    rf"{_SORRY}(?:{_THIS} {_NOUN}{_SOUGHT}? {SAID}|{_THE} {_NOUN}{_SOUGHT} {SAID}|"
    rf"(?:{_THE} )?{_LISTING} (?:{SAID}|{_TAKEN})|{SAID} {_THIS} {_NOUN}|"
    rf"(?:{_THE}|its|su) {_PERSON} {_HAS_TAKEN} {_THIS} {_NOUN})"
    rf"{_BY}{_ON}{_MORE}{_INSTEAD}"
)
# What may stand before it in the same text: an apology, a word or two, "page not found".
_OPENING = re.compile(
    rf"{_SORRY}|\S+(?: \S+)? |.*\b(?:404|410|not found|(?:no|nao) encontrad[oa])\b.*"
)
_OTHERWISE = re.compile(
    r"\b(?:remov|delet|deactiv|withdr|expir|eliminad|retirad|borrad|baja|desactivad|cancelad|"
    r"exclui)"
)


def gone_in(blocks: Sequence[Block]) -> Block | None:
    """The first sentence that says it."""
    return next((sentence for sentence, _ in ends_told_in(blocks)), None)


def ends_told_in(blocks: Sequence[Block]) -> Iterator[tuple[Block, Block]]:
    """Sentences that say it, and the texts they stand in: headings, notices, a page of few words.

    One that another comes before may be its consequence: "Our servers rest. This listing is …".
    """
    short = sum(block.text.count(" ") + 1 for block in blocks) <= _FEW_WORDS
    for block in blocks:
        if (short or block.prominent) and not (block.is_choice or block.is_unsure):
            for sentence in sentences_of(block):
                if _GONE.fullmatch(sentence.text):
                    yield sentence, block
                    break
                if not _OPENING.fullmatch(f"{sentence.text} "):
                    break


def is_apology(text: str) -> bool:
    """Whether a text says no more than "We're sorry" or "Aviso:"."""
    return _APOLOGY.fullmatch(f"{text} ") is not None


def opening_of(block: Block) -> Block | None:
    """A text's first sentence that is more than an apology."""
    for sentence in sentences_of(block):
        if taken_in(sentence.text) or not is_apology(sentence.text):
            return sentence
    return None


def end_of_listing(words: Block) -> Judgement:
    """The verdict of words that say that a listing is gone, or was sold or rented."""
    sold = taken_in(words.text) and not _OTHERWISE.search(words.text)
    return Judgement(
        verdict=Verdict.SOLD if sold else Verdict.GONE, evidence=f"the page says {words.quoted}"
    )
