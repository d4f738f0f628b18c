"""Chips become facts, or nothing where one cannot be sure."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pincali_sync.pages.facts import Chip, area_chip, floor_size_chip, read_facts

BEDS, FULL, HALF, CARS = "bedrooms", "bathrooms", "half_bathrooms", "parking_spaces"
FLOOR, FLOORS, AGE, YEAR = "floor_number", "total_floors", "age_years", "construction_year"
TOTAL, COVERED, LOT = "total_area_m2", "covered_area_m2", "lot_size_m2"

ROOMS = {
    "4½ baños": {FULL: 4, HALF: 1},
    "4 ½ bathrooms": {FULL: 4, HALF: 1},
    "2 1/2 baths": {FULL: 2, HALF: 1},
    "2-1/2 bath": {FULL: 2, HALF: 1},
    "1.5 baños": {FULL: 1, HALF: 1},
    "3,5 banheiros": {FULL: 3, HALF: 1},
    "Baños: 2.5": {FULL: 2, HALF: 1},
    "Bathrooms: 3.50": {FULL: 3, HALF: 1},
    "Bathrooms: 2.0": {FULL: 2},
    "1 baño y medio": {FULL: 1, HALF: 1},
    "3 banheiros e meio": {FULL: 3, HALF: 1},
    "2 and a half baths": {FULL: 2, HALF: 1},
    "2 baños y 1/2": {FULL: 2, HALF: 1},
    "2 baños con 1/2 baño": {FULL: 2, HALF: 1},
    "½ baño": {HALF: 1},
    "1/2 bath": {HALF: 1},
    "2 medios baños": {HALF: 2},
    "Half Bathrooms: 1": {HALF: 1},
    "1 lavabo": {HALF: 1},
    "3 full, 2 half": {FULL: 3, HALF: 2},
    "1 full bathroom, 2 half baths": {FULL: 1, HALF: 2},
    "2 baños completos y 1 medio": {FULL: 2, HALF: 1},
    "2 bathrooms + 1 half": {FULL: 2, HALF: 1},
    "Baños: 2 completos, 1 medio": {FULL: 2, HALF: 1},
    "RECÁMARAS:3": {BEDS: 3},
    "Recámaras 3": {BEDS: 3},
    "4\u00a0recámaras": {BEDS: 4},
    "\uff14 quartos": {BEDS: 4},
    "Número de recámaras: 3": {BEDS: 3},
    "4+1 bedrooms": {BEDS: 4},
    "2 recámaras + estudio": {BEDS: 2},
    "3 recámaras y 1 cuarto de servicio": {BEDS: 3},
    "1 recámara en planta baja": {BEDS: 1},
    "3-bedroom": {BEDS: 3},
    "4 recámaras - 3 baños": {BEDS: 4, FULL: 3},
    "2 recámaras, 1 baño, 80 m²": {BEDS: 2, FULL: 1, TOTAL: Decimal(80)},
    "1 parking spaces": {CARS: 1},
    "2 vagas de garagem": {CARS: 2},
    "2 lugares de estacionamiento": {CARS: 2},
    "Cochera techada para 3 autos": {CARS: 3},
    "2-car garage": {CARS: 2},
    "Estacionamiento techado: 1": {CARS: 1},
    "Cajones de estacionamiento techados: 2": {CARS: 2},
    "Vagas de garagem: 2": {CARS: 2},
    "Estacionamiento: 2 cajones": {CARS: 2},
    "Estacionamientos: 2 techados": {CARS: 2},
    "Garage: 2 cars": {CARS: 2},
    "Baños completos: 2": {FULL: 2},
    "Baños: 2 completos": {FULL: 2},
    "Recámaras: 3 en total": {BEDS: 3},
    "Half Baths 1": {HALF: 1},
    "4 BR": {BEDS: 4},
    "3 bd / 1.5 ba": {BEDS: 3, FULL: 1, HALF: 1},
    "Recámaras | 4": {BEDS: 4},
    "Bathrooms (2)": {FULL: 2},
}
FLOORS_AND_YEARS = {
    "Piso 7": {FLOOR: 7},
    "3er piso": {FLOOR: 3},
    "5º andar": {FLOOR: 5},
    "5° piso": {FLOOR: 5},
    "22nd floor of 30": {FLOOR: 22, FLOORS: 30},
    "Piso 3/10": {FLOOR: 3, FLOORS: 10},
    "Número de piso: 7": {FLOOR: 7},
    "Pisos: 3": {FLOORS: 3},
    "1 nivel": {FLOORS: 1},
    "2-story": {FLOORS: 2},
    "Total levels: 12": {FLOORS: 12},
    "Year Built 1987": {YEAR: 1987},
    "Construido en 1998": {YEAR: 1998},
    "Ano de construção: 2011": {YEAR: 2011},
    "Año de construcción: a estrenar": {AGE: 0},
    "Antigüedad: nueva": {AGE: 0},
    "Casa a estrenar": {AGE: 0},
    "Antigüedad: 12 años": {AGE: 12},
    "8 años de antigüedad": {AGE: 8},
    "Idade do imóvel: 5 anos": {AGE: 5},
    "Antigüedad del edificio: 12 años": {AGE: 12},
    "Age of the building: 12 years": {AGE: 12},
    "15-year-old": {AGE: 15},
    "7 años": {AGE: 7},
    "1 year": {AGE: 1},
    "Estado: a estrenar": {AGE: 0},
}
AREAS = {
    "180 mts2": {TOTAL: Decimal(180)},
    "180 metros cuadrados": {TOTAL: Decimal(180)},
    "180 metros²": {TOTAL: Decimal(180)},
    "180 m^2": {TOTAL: Decimal(180)},
    "180 m 2": {TOTAL: Decimal(180)},
    "180 ㎡": {TOTAL: Decimal(180)},
    "1,480.75 m²": {TOTAL: Decimal("1480.75")},
    "1.480,75 m²": {TOTAL: Decimal("1480.75")},
    "1 480 m²": {TOTAL: Decimal(1480)},
    "1'480 m²": {TOTAL: Decimal(1480)},
    "1.480.000 m²": {TOTAL: Decimal(1_480_000)},
    "Superficie (m²): 96": {TOTAL: Decimal(96)},
    "Metros cuadrados: 96": {TOTAL: Decimal(96)},
    "120 square meters lot": {LOT: Decimal(120)},
    "120 sq. m. of land": {LOT: Decimal(120)},
    "Área do terreno: 360 m²": {LOT: Decimal(360)},
    "Superficie total de terreno 360 m²": {LOT: Decimal(360)},
    "120 m² de área construída": {COVERED: Decimal(120)},
    "m² de construcción: 145": {COVERED: Decimal(145)},
    "área total construída 145 m²": {COVERED: Decimal(145)},
    "1.5 ha": {TOTAL: Decimal(15_000)},
    "2,5 hectáreas de terreno": {LOT: Decimal(25_000)},
    "3 has.": {TOTAL: Decimal(30_000)},
    "180 m² construidos sobre terreno de 240 m²": {COVERED: Decimal(180), LOT: Decimal(240)},
    "240 m² terreno / 180 m² const.": {COVERED: Decimal(180), LOT: Decimal(240)},
    "Construcción: 180 m² Terreno: 240 m²": {COVERED: Decimal(180), LOT: Decimal(240)},
    "Terreno de 240 m² con 180 m² de construcción": {COVERED: Decimal(180), LOT: Decimal(240)},
    "240m2 de terreno, 180m2 de construccion": {COVERED: Decimal(180), LOT: Decimal(240)},
    "Casa de 180 m² en terreno de 240 m²": {LOT: Decimal(240)},
    "260 m² (180 m² construidos)": {COVERED: Decimal(180)},
    "260 m² + 20 m² de terraza": {TOTAL: Decimal(260)},
    "93 m² (1,001 ft²)": {TOTAL: Decimal(93)},
    "410 m² (terreno)": {LOT: Decimal(410)},
    "190 m² - construcción": {COVERED: Decimal(190)},
    "Terreno | 410 m²": {LOT: Decimal(410)},
    "Terreno: 5 200 m²": {LOT: Decimal(5200)},
    "5 200 m² de terreno": {LOT: Decimal(5200)},
    "Sup. construida 190 m²": {COVERED: Decimal(190)},
}
OF_STAFF_AND_GUESTS = {
    "3 recámaras, 1 recámara de visitas": {BEDS: 3},
    "3 recámaras, 2 baños, 1 baño de servicio": {BEDS: 3, FULL: 2},
    "2 baños, baños de servicio: 1": {FULL: 2},
    "3 bedrooms, 1 guest bathroom": {BEDS: 3},
    "1 medio baño de visitas": {HALF: 1},
    "120 m² totales, 20 m² de terraza a nivel": {TOTAL: Decimal(120)},
}
# Ranges and limits; other fractions; contradictions; areas of parts; other units; what is no year.
UNSURE = """
2-3 recámaras | 2 – 3 recámaras | 2 a 3 baños | 2 o 3 baños | 2 to 3 bedrooms | de 2 a 4 quartos
entre 2 y 3 baños | recámaras: 2 a 4 | más de 4 recámaras | 4+ bedrooms | +4 recámaras
4 o más baños | hasta 4 recámaras | al menos 2 baños | 2 baños mínimo | ~3 baños
up to 3 bathrooms | <3 baños | 2.25 baths | 2¾ baños | 2 3/4 baths | 21/2 baños | 3/2 baños
2.5 recámaras | 1.5 estacionamientos | 2,000 recámaras | -2 recámaras | 2 + estudio | 2 full
1 medio | tres recámaras | 3ra recámara | 2 baños (1 completo y 1 medio) | 2 baños, 3 baños
2 estacionamientos techados y 1 descubierto | Estacionamientos de visitas: 10
4 estacionamientos (visitas)
2 estacionamientos para visitas | Recámara 3: 12 m² | Piso 3 y 4 | Piso 12 de 10 | PB | Planta baja
Piso de mármol | 3 pisos de mármol | Nivel 3 | Torre 3 | Construcción: 2012
Superficie construida: 2005 mts | Año de construcción: 2012 mts | Año: 2012 | Year Built: 1750
Year Built: 2099 | Year Built: 1998 - 2005 | Remodelado en 2015 | Depto 302 | Antigüedad: 6 meses
Antigüedad: más de 20 años | Edad: 5 a 10 años | 10+ años | Antigüedad: 2005 | 10 x 20 m | 10x20 m²
10 m x 20 m (200 m²) | Frente: 10 m | 80 - 120 m² | 80 a 120 m² | desde 80 m² | 120 m² aprox.
≈120 m² | 250 m² / 300 m² | 250 / 300 m² | -200 m² | 200 m³ | 200 m | 1,25,000 m² | 1.480 m²
10.250 ha | 2-00-00 has | Jardín 50 m² | Terraza: 20 m² | Estacionamiento: 30 m² | 1,000 ft²
40 m² (jardín) | Terraza, 25 m² | 2 recámaras cada una | 90 m² each | Cocina a estrenar
No a estrenar | Crédito, 20 años | 900 sq ft | 2 acres
60 m² a 120 m² | 60 m² to 120 m² | 60 m² al 120 m² | 60 m² o 120 m²
60 m² ó 120 m² | 60 m² or 120 m²
60 m² x 120 m² | 60 m² até 120 m² | de 60 m² a 120 m² | Lote de 120 m² a 200 m² | 60 m² e 120 m²
60 m² a 120 m² de construcción | construcción de 60 m² a 120 m² | 200 m² a 400 m² terreno
60 m² de construcción a 120 m² de construcción | Lote de 120 m² de terreno a 200 m²
60 m² vs 120 m²
Terrenos 120 m² y 200 m² | Casas de 60 m² y 120 m² | Lotes de 120 m² a 200 m² de terreno
Recámaras de servicio: 1 | Recámaras de visita: 1 | Recámaras de visitas 1 | Baños de servicio: 1
Baños de visitas: 1 | 1 baño de servicio | Número de recámaras de servicio: 1
Cuartos de servicio: 1 | Quartos de empregada: 1 | Maid's rooms: 1 | Guest bedrooms: 2
Estacionamiento: 24 horas | Estacionamiento: 500 pesos | Estacionamiento: 500 mxn | Parking: 50 usd
Parking: 200 meters away | Estacionamiento: 5 minutos | Garage: 2 motos | Cochera: 3 bicicletas
Parking: 24 hours | Parking spaces 24 hours | Autos 5 minutos | Estacionamiento: 12 meses
Recámaras en planta baja: 1 | Recámara principal: 1 | Recámaras con vestidor: 1 | Recámaras: 3 baños
Recámaras en piso: 1 | Baños en recámaras: 2 | Clósets en recámaras: 3 | Camas y recámaras: 4
Baños compartidos: 2 | Baño de la alberca: 1 | Bathrooms per floor: 2 | Baños: 2 lavabos
Estacionamiento de visitas para 10 autos | Habitaciones de hotel: 30
Lote 5 200 m² | Terreno 5 200 m² | Lot 5 200 sqm | Land 12 500 m² | Manzana 3 Lote 5 200 m²
Antigüedad de remodelación: 2 años | Antigüedad del contrato: 2 años | Age of the roof: 2 years
Antigüedad de la remodelación: nueva | Edad del propietario: 60 años | Antigüedad de cocina 2
Lavabos: 3 | 3 lavabos | 2 baños con 2 lavabos | 2 baños con 1 lavabo | 2 lavabos en baño
Niveles: 2 y medio | 2 niveles y medio | Baños: 2 y medio | 1 planta y media | Pisos: 3 y media
500 varas cuadradas | Precio por m²: 5,000 | $500 / m² | m² | 0 m²
"""


KNOWN = ROOMS | FLOORS_AND_YEARS | AREAS | OF_STAFF_AND_GUESTS


@pytest.mark.parametrize(("text", "facts"), [*KNOWN.items()])
def test_a_chip_says_what_it_says(text: str, facts: dict[str, int | Decimal]) -> None:
    assert read_facts([Chip(text)]) == facts


@pytest.mark.parametrize("text", UNSURE.replace("\n", " | ").split(" | ")[1:-1])
@pytest.mark.parametrize("icon", ["", "fal fa-calendar"])
def test_a_chip_that_is_not_certain_says_nothing(text: str, icon: str) -> None:
    assert read_facts([Chip(text, icon)]) == {}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2-3 recámaras",
            "4 o más baños",
            "2.25 baths",
            "10 x 20 m",
            "30 m²",
            "1 de 2",
            "1 medio",
        ),
        *(
            "24 horas",
            "500 pesos",
            "50 usd",
            "200 meters away",
            "5 minutos",
            "2 motos",
            "4 personas",
        ),
        *("3 bicicletas", "2 lavabos", "6 huéspedes", "12 meses"),
    ],
)
@pytest.mark.parametrize("icon", ["fa-bed", "fa-bath", "fa-car"])
def test_an_icon_makes_no_uncertain_number_certain(text: str, icon: str) -> None:
    assert not {BEDS, FULL, HALF, CARS} & read_facts([Chip(text, icon)]).keys()


def test_an_area_beside_words_without_a_number_may_be_theirs() -> None:
    assert read_facts([Chip("2 recámaras, roof garden, 45 m²")]) == {BEDS: 2}


def test_the_first_chip_to_say_something_is_believed() -> None:
    chips = [Chip("2-3 recámaras"), Chip("2 recámaras"), Chip("5 recámaras")]
    assert read_facts(chips) == {BEDS: 2}


def test_numbers_in_data_have_one_way_of_writing() -> None:
    assert read_facts(area_chip(120.375)) == {TOTAL: Decimal("120.38")}
    assert read_facts(area_chip(1250)) == {TOTAL: Decimal(1250)}
    assert read_facts(area_chip("1,250.5")) == {TOTAL: Decimal("1250.50")}
    for nonsense in (None, True, 0, -5, float("nan"), float("inf"), "120-140"):
        assert read_facts(area_chip(nonsense)) == {}


@pytest.mark.parametrize(
    ("size", "area"),
    [
        ({"value": 88, "unitCode": "MTK"}, Decimal(88)),
        ({"value": 88}, Decimal(88)),
        ({"value": "88", "unitText": "m²"}, Decimal(88)),
        ({"value": 950, "unitCode": "FTK"}, None),
        ({"value": 950, "unitText": "sq ft"}, None),
        ({"value": [88]}, None),
        ("88", None),
    ],
)
def test_a_floor_size_counts_in_square_metres_only(size: object, area: Decimal | None) -> None:
    assert read_facts(floor_size_chip({"floorSize": size})).get(TOTAL) == area
