"""The words of the site's three languages."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_sync.domain.prices import Operation
from pincali_workshop.standin.world.kinds import Kind

Plural = tuple[str, str]  # one, several


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language: its code, the path of its listings and its words."""

    code: str
    prefix: str  # of a listing's path
    hreflang: str
    inside: str  # "House in Centro"
    sale: str
    rent: str
    per_m2: str
    on_request: str
    bedroom: Plural
    bathroom: Plural
    half_bath: Plural
    parking: Plural
    total_space: str
    lot_size: str
    floor: str
    year_built: str
    new: str
    approximate: str
    published: str
    published_by: str
    description: str
    amenities: str
    location: str
    similar: str
    original: str  # of the toggler
    message: str
    gone: str
    sold: str
    sold_words: tuple[str, ...]  # of the banner

    def kind(self, kind: Kind) -> str:
        """What the language calls a property type."""
        return {"es": kind.spanish, "pt": kind.portuguese}.get(self.code, kind.english)

    def operation(self, operation: Operation) -> str:
        """The words for sale or rent."""
        return self.sale if operation is Operation.SALE else self.rent


def counted(number: int, words: Plural) -> str:
    """ "1 bedroom", "2 bedrooms"."""
    return f"{number} {words[0] if number == 1 else words[1]}"


ENGLISH = Language(
    code="en",
    prefix="/en/home/",
    hreflang="en",
    inside="in",
    sale="For Sale",
    rent="For Rent",
    per_m2="per m²",
    on_request="Price on request",
    bedroom=("bedroom", "bedrooms"),
    bathroom=("bathroom", "bathrooms"),
    half_bath=("half bath", "half baths"),
    parking=("parking spaces", "parking spaces"),
    total_space="total space",
    lot_size="Lot Size",
    floor="Floor",
    year_built="Year Built",
    new="New",
    approximate="The location is approximate",
    published="Published",
    published_by="Published by",
    description="Description",
    amenities="Amenities",
    location="Location",
    similar="Similar properties",
    original="View original",
    message="Hi. I'm very interested in this property. Can you contact me?",
    gone="This listing is no longer available",
    sold="This property has been sold or rented",
    sold_words=("Sold", "This property has been rented", "No longer on the market"),
)
SPANISH = Language(
    code="es",
    prefix="/inmueble/",
    hreflang="es-MX",
    inside="en",
    sale="En Venta",
    rent="En Renta",
    per_m2="por m²",
    on_request="Consulte precio",
    bedroom=("recámara", "recámaras"),
    bathroom=("baño", "baños"),
    half_bath=("medio baño", "medios baños"),
    parking=("estacionamiento", "estacionamientos"),
    total_space="de construcción",
    lot_size="de terreno",
    floor="Piso",
    year_built="Año de construcción",
    new="A estrenar",
    approximate="La ubicación es aproximada",
    published="Publicado",
    published_by="Publicado por",
    description="Descripción",
    amenities="Amenidades",
    location="Ubicación",
    similar="Propiedades similares",
    original="Ver original",
    message="Hola. Me interesa mucho esta propiedad. ¿Me puede contactar?",
    gone="Este anuncio ya no está disponible",
    sold="Esta propiedad ya fue vendida o rentada",
    sold_words=("Vendida", "Esta propiedad ya fue rentada", "Ya no está en el mercado"),
)
PORTUGUESE = Language(
    code="pt",
    prefix="/pt/imovel/",
    hreflang="pt-BR",
    inside="em",
    sale="À venda",
    rent="Para alugar",
    per_m2="por m²",
    on_request="Preço sob consulta",
    bedroom=("quarto", "quartos"),
    bathroom=("banheiro", "banheiros"),
    half_bath=("lavabo", "lavabos"),
    parking=("vaga", "vagas"),
    total_space="de área construída",
    lot_size="de terreno",
    floor="Andar",
    year_built="Ano de construção",
    new="Novo",
    approximate="A localização é aproximada",
    published="Publicado",
    published_by="Publicado por",
    description="Descrição",
    amenities="Comodidades",
    location="Localização",
    similar="Imóveis semelhantes",
    original="Ver original",
    message="Olá. Tenho muito interesse neste imóvel. Pode me contatar?",
    gone="Este anúncio não está mais disponível",
    sold="Este imóvel já foi vendido ou alugado",
    sold_words=("Vendido", "Este imóvel já foi alugado", "Fora do mercado"),
)
LANGUAGES = (ENGLISH, SPANISH, PORTUGUESE)
