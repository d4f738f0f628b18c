"""What people can click on beside a status, and what that may mean.

A button that shares or saves a listing means nothing. The name of a part of it, of another
listing, or of anything else may be what the status is told of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from selectolax.lexbor import LexborNode

from pincali_sync.domain.identity import is_same_slug
from pincali_sync.pages.text import fold

_LONGEST = 100  # of what is clicked on; a longer text names nothing
_MOST_NODES = 60
_TAGS = frozenset({"a", "button", "label", "option", "select"})
_SAYING = ("aria-label", "title", "value")
_WORD = re.compile(r"[a-z]+")
_ENDS_IN_NUMBER = re.compile(r"\d\W*$")  # "18 photos" does not, "101" does
# All that those say who lead people around a listing.
_CONTROL_NAMES = (
    "share shared save saved favorite favorites favourite favourites like add remove copy "
    "copied link back return print view see show more less all photo photos picture pictures "
    "image images gallery video videos virtual tour map street plans close cancel "
    "next previous prev open expand contact call phone whatsapp email mail message send ask "
    "schedule visit request information info report compare download pdf brochure details "
    "results search similar the a an to of on in from this by x facebook twitter telegram "
    "follow hide login sign up english spanish portuguese agent advertiser listing property "
    "calculate mortgage credit price "
    "compartir compartido guardar guardado guardada favorito favoritos agregar anadir quitar "
    "copiar copiado enlace liga volver regresar atras imprimir ver mostrar mas menos todas "
    "todos todo foto fotos fotografias imagen imagenes galeria recorrido mapa calle "
    "planos cerrar cancelar siguiente anterior abrir ampliar contactar contacto llamar "
    "telefono correo mensaje enviar preguntar agendar cita visita solicitar informacion "
    "informes reportar denunciar comparar descargar ficha folleto detalle detalles resultados "
    "busqueda buscar similares el la los las a al de del en por con y este esta su tu seguir "
    "ocultar espanol ingles portugues agente anunciante anuncio propiedad inmueble calcular "
    "hipoteca credito precio "
    "compartilhar salvar salvo voltar adicionar remover imagens fechar proximo proxima ligar "
    "telefone mensagem agendar solicitar informacoes baixar resultado o os as do da no na "
    "ao aos imovel ingles portugues corretor"
)
_CONTROL_WORDS = frozenset(_CONTROL_NAMES.split())
# A listing may have parts; a lot may be all of it.
_PART = re.compile(
    r"(?:(?:etapa|fase|torre|manzana|modelo|prototipo|bloque|bloco|quadra|stage|phase|tower|model|"
    r"building|edificio)s? \w|"
    r"(?:unidade?|unit|departamento|depto|depa|apartamento|apto|apartment|apt|bodega|warehouse|"
    r"local|oficina|office|nivel|level|piso|floor|andar|planta|cajon|vaga|estacionamiento|"
    r"estacionamento|parking)\.? (?:(?:no?|num|numero|number)?\.? ?#?\d|[a-z]\b(?! )|"
    r"adicional|extra|additional|alta|baja|superior|terreo))"
)


@dataclass(frozen=True, slots=True)
class Unread:
    """A link, a button or the like: what it says, and where it leads."""

    shown: str
    leads_to: str = ""

    @property
    def is_control(self) -> bool:
        """Whether it does something with the listing that is shown, and names nothing."""
        words = _WORD.findall(self.text)
        return _CONTROL_WORDS.issuperset(words) and not _ENDS_IN_NUMBER.search(self.text)

    @property
    def text(self) -> str:
        """What it says, for comparing."""
        return fold(self.shown)

    def is_of_another(self, url: str) -> bool:
        """Whether it leads to another listing's page."""
        leads_to_one = is_same_slug(self.leads_to, self.leads_to)
        return leads_to_one and not is_same_slug(self.leads_to, url)


def is_part(text: str) -> bool:
    """Whether a folded text is the name of a part of a listing: "torre a", "etapa 1"."""
    return _PART.match(text) is not None


def unread_in(
    node: LexborNode,
    is_control: Callable[[LexborNode], bool],
    is_apart: Callable[[LexborNode], bool],
) -> Iterator[Unread]:
    """What can be clicked on in a node.

    Args:
        is_control: whether an element is one by its role or its class.
        is_apart: whether nothing in an element is beside anything.
    """
    waiting = [node]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        part = waiting.pop()
        if part.tag in {"-text", "-comment"} or is_apart(part):
            continue
        if part.tag in _TAGS or is_control(part):
            said = _said_by(part)
            if 0 < len(said) <= _LONGEST or part.attributes.get("href"):
                yield Unread(said[:_LONGEST], part.attributes.get("href") or "")
        else:
            waiting += reversed([*islice(part.iter(), _MOST_NODES)])


def _said_by(node: LexborNode) -> str:
    given = node.attributes
    said = " ".join(node.text(separator=" ").split())
    return said or next((given[name] or "" for name in _SAYING if given.get(name)), "")
