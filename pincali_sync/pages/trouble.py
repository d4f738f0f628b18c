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
_TROUBLE = re.compile(
    "|".join(
        (
            # being repaired
            r"^(?:\w+ )?(?:maintenance|mantenimiento|manutencao)$",
            r"^(?:maintenance|mantenimiento|manutencao)\W",
            r"\b(?:under|scheduled|planned|routine|undergoing|performing|doing|site|system|"
            r"emergency|for) (?:\w+ )?maintenance\b",
            r"\bmaintenance (?:mode|window|page|break|in progress|work)",
            r"\b(?:en|por|modo|labores de|tareas de|trabajos de|dando) mantenimiento\b",
            r"\b(?:em|de) manutencao\b",
            r"\b(?:mantenimiento|manutencao) (?:programad[oa]|en curso|em andamento|del sitio)",
            r"\b(?:we are|we're) (?:working|fixing|updating|improving|aware|investigating)",
            r"\bestamos (?:caid|trabajando|mejorando|actualizando|realizando|reparando|trabalhando|"
            r"haciendo|migrando|fazendo|atualizando|melhorando)",
            r"\b(?:being|be|is) (?:upgraded|updated|repaired|migrated|restarted)\b|\bdowntime\b",
            r"^(?:coming soon|proximamente|em breve)$|\b(?:under|en|em) constru\w+$",
            r"\b(?:in progress|stand by|upgrad(?:e|es|ing)|interru[mp]\w+|engineers?)\b|"
            r"\bfor repairs\b",
            r"\b(?:actualizacion|atualizacao) (?:del?|do|em|en) |\bwe(?: are|'re) moving\b",
            r"\b(?:degraded|degradado|emergency|read[ -]only|limited|limitado) (?:mode|service)\b",
            r"\b(?:servicio|servico|modo) (?:limitado|degradado)\b",
            # broken
            r"^(?:http )?5\d\d$|^(?:\w+ )?(?:failure|incident|incidencia|incidente|"
            r"fall[ao])(?: general| del sistema)?$",
            r"\b(?:no|sin|sem|lost) (?:connection|conexion|conexao)\b|\bconnection (?:lost|failed)",
            rf"\b(?:technical|technic\w+|server|temporary) {_FAULT}",
            rf"\b{_FAULT} (?:tecnic|temporal|interno|inesperado|del? servidor|no servidor|fatal)",
            rf"\b(?:we|{_SERVICE}|tenemos|estamos|presentamos|hay|hubo|surgio|estamos com|temos)\b"
            rf"[^.]{{0,30}}\b{_FAULT}\b",
            r"\b(?:something|algo) (?:has |ha )?(?:went|gone|broke|salio|salido|deu|fallo|saiu)\b",
            r"\b(?:could not|couldn't|cannot|can't|unable to|failed to) (?:be )?(?:load|process|"
            r"display|connect|complete|show)",
            r"\bno (?:se pudo|se puede|pudimos|podemos|fue posible) (?:cargar|procesar|mostrar|"
            r"conectar|completar)",
            r"\bnao (?:foi possivel|conseguimos|pode) (?:carregar|processar|mostrar|conectar)",
            r"\b(?:ocurrio|ocurrido|se produjo|producido|ocorreu|houve|hubo) un[a]? (?:\w+ )?"
            r"(?:error|problema|falla|erro|falha)\b(?!\W{0,3}4(?:04|10))",
            r"\b(?:an|unexpected|internal|application|unknown|connection|fatal|gateway|proxy|dns|"
            r"network) (?:\w+ )?error\b",
            r"\berror (?:has )?occurred|\berror (?:5\d\d|40[0-35-9]|desconocido)|\b5\d\d\W+error\b",
            r"\bbad gateway|\bgateway time-?out|\btimed? ?-?out\b|\bguru meditation",
            r"\bnosuch(?:key|bucket)|\bspecified (?:key|bucket)|\bno such (?:app|key|bucket|host)",
            r"\bdefault backend|\bunknown domain|\bupstream\b|\bbackend fetch",
            r"\b(?:session|sesion|sessao)\b[^.]{0,20}\bexpir|\bestan? trabaj|\bis working on\b",
            r"\bno (?:backend|server is)|\bfault filter|\bdeployment(?:_| could| not| was)|"
            r"\bsite (?:was )?not found",
            r"\bgithub pages|\bdomain is for sale",
            r"\b(?:account|domain|site) (?:has been |is |was )?(?:suspended|parked|expired)",
            # away for a while
            rf"\b(?:try|come|check|visit|reload|refresh|be|back|again|intent\w*|vuelv\w*|regres\w*|"
            rf"prueb\w*|reintent\w*|estaremos|volve\w*|tente|volt\w*|"
            rf"retorne)\b[^.]{{0,40}}\b{_LATER}\b",
            r"\b(?:be right|will be|'ll be) back\b|\bvolte logo\b|\bwaiting room|\bsala de espera",
            r"^(?:redirecting|please wait|redirigiendo|espere|redirecionando|aguarde)\b",
            r"\b(?:temporarily|momentarily|temporalmente|momentaneamente|temporariamente)\b",
            rf"\bcurrently {_UNAVAILABLE}|\b{_UNAVAILABLE}[^.]{{0,20}}\b(?:right now|momento?)\b",
            rf"\b{_SERVICE} (?:(?:is|are|estan?) )?(?:temporarily )?{_UNAVAILABLE}",
            rf"\b{_SERVICE} (?:(?:is|are|estan?) )?(?:caid[oa]s?|busy|ocupado|not responding|"
            rf"degraded|fuera de (?:linea|servicio))",
            r"\bfuera de servicio|\bout of (?:service|order)\b|\boutage\b",
            r"\boverloaded|\bsaturad[oa]|\b(?:high|heavy) (?:\w+ )?(?:traffic|load|demand)",
            # not to be asked by us
            r"\btoo many requests|\brate limit|\b(?:demasiadas|muitas) (?:solicit|peticion)",
            r"\bacc?es[so]o? ?(?:is |was )?(?:denied|forbidden|blocked|restricted|denegado|negado|"
            r"restringido|prohibido|bloqueado|restrito)|\bforbidden\b",
            r"\b(?:request|ip|connection)\b[^.]{0,30}\b(?:blocked|denied|rejected|banned)\b",
            r"\byou (?:have been|were|are) (?:\w+ )?(?:blocked|denied|rejected|banned)\b",
            r"\breference (?:#|id\b|no\b)|\b(?:incident|support|ray|event) id\b",
            r"\b(?:verif|confirm|prove|comprob|comprov)\w*[^.]{0,30}\b(?:humano?|robot?|bot|"
            r"browser|connection|identity)\b|\bhuman verification",
            r"\b(?:not a|no (?:eres|soy) un|nao (?:e|sou) um) (?:robot?|bot)\b|\bcaptcha\b",
            r"\b(?:enable|activa|habilita|ative|turn on) (?:javascript|js|cookies)",
            r"\bjust a moment|\battention required|\bchecking your browser|\bpress (?:and|&) hold",
            r"\b(?:available|disponible|disponivel) (?:in|en|no|em) (?:your|tu|su|seu) "
            r"(?:country|region|location|pais|ubicacion|regiao)\b",
            r"\bsecurity (?:check|service)|\b(?:unusual|suspicious) (?:\w+ )?(?:traffic|activity)",
            r"\b(?:log|sign) ?in to (?:continue|see|view|access|proceed)\b",
            r"\b(?:inicia|iniciar|inicie) sesion para\b|\bfaca login\b",
            r"^(?:log ?in|sign ?in|iniciar sesion|inicia sesion|entrar)\b",
        )
    )
)
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
