"""What a page says of the site itself being in trouble, or wanting to see a person.

Such a page says nothing of a listing, whatever its status and its other words. What ordinary pages
of status 404 say ("check the address and try again", "error 404") is no trouble.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pincali_sync.pages.blocks import Block, sentences_of

# All in lower case without accents; one line for each way to say it.
_LATER = (
    r"(?:later|soon|shortly|in (?:a|some|\d+) ?(?:few|bit|while|moment|minutes?)?|mas tarde|luego|"
    r"en (?:unos?|breve|un momento|algunos|\d+)|pronto|enseguida|dentro de|mais tarde|"
    r"em (?:alguns|breve|instantes|\d+)|daqui a)"
)
_FAULT = (
    r"(?:problems?|issues?|trouble|difficult(?:y|ies)|errors?|outage|problemas?|fall[ao]s?|"
    r"dificultad(?:es)?|inconvenientes?|incidencias?|dificuldades?|erros?)"
)
_UNAVAILABLE = r"(?:not available|unavailable|down|offline|no disponible|indisponivel|fora do ar)"
_SERVICE = (
    r"(?:services?|servers?|site|website|databases?|systems?|servicios?|servidor(?:es)?|sitio|"
    r"pagina|sistemas?|servicos?|base de datos|search|search engine)"
)
# What is all or the beginning of a sentence.
_AT_ITS_START = "|".join(
    (
        r"(?:\w+ )?(?:maintenance|mantenimiento|manutencao)$",
        r"(?:maintenance|mantenimiento|manutencao)\W",
        r"(?:coming soon|proximamente|em breve)$",
        r"(?:http )?5\d\d$|(?:\w+ )?(?:failure|incident|incidencia|incidente|"
        r"fall[ao])(?: general| del sistema)?$",
        r"(?:redirecting|please wait|redirigiendo|espere|redirecionando|aguarde)\b",
        r"(?:log ?in|sign ?in|iniciar sesion|inicia sesion|entrar)\b",
    )
)
_AT_A_WORD = "|".join(
    (
        # being repaired
        r"(?:under|scheduled|planned|routine|undergoing|performing|doing|site|system|"
        r"emergency|for) (?:\w+ )?maintenance\b",
        r"maintenance (?:mode|window|page|break|in progress|work)",
        r"(?:en|por|modo|labores de|tareas de|trabajos de|dando) mantenimiento\b",
        r"(?:em|de) manutencao\b",
        r"(?:mantenimiento|manutencao) (?:programad[oa]|en curso|em andamento|del sitio)",
        r"(?:we are|we're) (?:working|fixing|updating|improving|aware|investigating)",
        r"estamos (?:caid|trabajando|mejorando|actualizando|realizando|reparando|trabalhando|"
        r"haciendo|migrando|fazendo|atualizando|melhorando)",
        r"(?:being|be|is) (?:upgraded|updated|repaired|migrated|restarted)\b|downtime\b",
        r"(?:under|en|em) constru\w+$",
        r"(?:in progress|stand by|upgrad(?:e|es|ing)|interru[mp]\w+|engineers?)\b|"
        r"for repairs\b",
        r"(?:actualizacion|atualizacao) (?:del?|do|em|en) |we(?: are|'re) moving\b",
        r"(?:degraded|degradado|emergency|read[ -]only|limited|limitado) (?:mode|service)\b",
        r"(?:servicio|servico|modo) (?:limitado|degradado)\b",
        # broken
        r"(?:no|sin|sem|lost) (?:connection|conexion|conexao)\b|connection (?:lost|failed)",
        rf"(?:technical|technic\w+|server|temporary) {_FAULT}",
        rf"{_FAULT} (?:tecnic|temporal|interno|inesperado|del? servidor|no servidor|fatal)",
        rf"(?:we|{_SERVICE}|tenemos|estamos|presentamos|hay|hubo|surgio|estamos com|temos)\b"
        rf"[^.]{{0,30}}\b{_FAULT}\b",
        r"(?:something|algo) (?:has |ha )?(?:went|gone|broke|salio|salido|deu|fallo|saiu)\b",
        r"(?:could not|couldn't|cannot|can't|unable to|failed to) (?:be )?(?:load|process|"
        r"display|connect|complete|show)",
        r"no (?:se pudo|se puede|pudimos|podemos|fue posible) (?:cargar|procesar|mostrar|"
        r"conectar|completar)",
        r"nao (?:foi possivel|conseguimos|pode) (?:carregar|processar|mostrar|conectar)",
        r"(?:ocurrio|ocurrido|se produjo|producido|ocorreu|houve|hubo) un[a]? (?:\w+ )?"
        r"(?:error|problema|falla|erro|falha)\b(?!\W{0,3}4(?:04|10))",
        r"(?:an|unexpected|internal|application|unknown|connection|fatal|gateway|proxy|dns|"
        r"network) (?:\w+ )?error\b",
        r"error (?:has )?occurred|error (?:5\d\d|40[0-35-9]|desconocido)|5\d\d\W+error\b",
        r"bad gateway|gateway time-?out|timed? ?-?out\b|guru meditation",
        r"nosuch(?:key|bucket)|specified (?:key|bucket)|no such (?:app|key|bucket|host)",
        r"default backend|unknown domain|upstream\b|backend fetch",
        r"(?:session|sesion|sessao)\b[^.]{0,20}\bexpir|estan? trabaj|is working on\b",
        r"no (?:backend|server is)|fault filter|deployment(?:_| could| not| was)|"
        r"site (?:was )?not found",
        r"github pages|domain is for sale",
        r"(?:account|domain|site) (?:has been |is |was )?(?:suspended|parked|expired)",
        # away for a while
        rf"(?:try|come|check|visit|reload|refresh|be|back|again|intent\w*|vuelv\w*|regres\w*|"
        rf"prueb\w*|reintent\w*|estaremos|volve\w*|tente|volt\w*|"
        rf"retorne)\b[^.]{{0,40}}\b{_LATER}\b",
        r"(?:be right|will be|'ll be) back\b|volte logo\b|waiting room|sala de espera",
        r"(?:temporarily|momentarily|temporalmente|momentaneamente|temporariamente)\b",
        rf"currently {_UNAVAILABLE}|{_UNAVAILABLE}[^.]{{0,20}}\b(?:right now|momento?)\b",
        rf"{_SERVICE} (?:(?:is|are|estan?) )?(?:temporarily )?{_UNAVAILABLE}",
        rf"{_SERVICE} (?:(?:is|are|estan?) )?(?:caid[oa]s?|busy|ocupado|not responding|"
        rf"degraded|fuera de (?:linea|servicio))",
        r"fuera de servicio|out of (?:service|order)\b|outage\b",
        r"overloaded|saturad[oa]|(?:high|heavy) (?:\w+ )?(?:traffic|load|demand)",
        # not to be asked by us
        r"too many requests|rate limit|(?:demasiadas|muitas) (?:solicit|peticion)",
        r"acc?es[so]o? ?(?:is |was )?(?:denied|forbidden|blocked|restricted|denegado|negado|"
        r"restringido|prohibido|bloqueado|restrito)|forbidden\b",
        r"(?:request|ip|connection)\b[^.]{0,30}\b(?:blocked|denied|rejected|banned)\b",
        r"you (?:have been|were|are) (?:\w+ )?(?:blocked|denied|rejected|banned)\b",
        r"reference (?:#|id\b|no\b)|(?:incident|support|ray|event) id\b",
        r"(?:verif|confirm|prove|comprob|comprov)\w*[^.]{0,30}\b(?:humano?|robot?|bot|"
        r"browser|connection|identity)\b|human verification",
        r"(?:not a|no (?:eres|soy) un|nao (?:e|sou) um) (?:robot?|bot)\b|captcha\b",
        r"(?:enable|activa|habilita|ative|turn on) (?:javascript|js|cookies)",
        r"just a moment|attention required|checking your browser|press (?:and|&) hold",
        r"(?:available|disponible|disponivel) (?:in|en|no|em) (?:your|tu|su|seu) "
        r"(?:country|region|location|pais|ubicacion|regiao)\b",
        r"security (?:check|service)|(?:unusual|suspicious) (?:\w+ )?(?:traffic|activity)",
        r"(?:log|sign) ?in to (?:continue|see|view|access|proceed)\b",
        r"(?:inicia|iniciar|inicie) sesion para\b|faca login\b",
    )
)
# One place to begin at for all of them: each with a place of its own took five times as long.
_TROUBLE = re.compile(rf"^(?:{_AT_ITS_START})|\b(?! )(?:{_AT_A_WORD})")
# A soft "error 404" says the same as the status would.
_ERROR = re.compile(
    r"\b(?:reload|refresh|recarga|notified|solucionarlo|we are on it)\b|"
    r"(?<!404 )(?<!410 )\berror?\b(?!\W{0,3}4(?:04|10))"
)


def trouble_in(blocks: Sequence[Block], *, mild: bool) -> Block | None:
    """The first sentence that says so.

    Args:
        mild: a mere "error" or "reload" counts too, as it does beside words that a listing is gone.
    """
    for block in blocks:
        for sentence in sentences_of(block):
            if _TROUBLE.search(sentence.text) or (mild and _ERROR.search(sentence.text)):
                return sentence
    return None
