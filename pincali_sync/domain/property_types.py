"""The site's property types: numbers, English names, words of its other languages."""

from __future__ import annotations

# By the number that a query takes, common ones first: the name on English cards, then the Spanish
# and Portuguese words.
_TYPES = {
    29058: ("house", "casa"),
    29057: ("apartment", "departamento", "apartamento"),
    29059: ("lot", "terreno", "land"),
    28311: ("house in condominium", "casa en condominio", "casa em condominio"),
    29061: ("retail space", "local", "local comercial", "loja"),
    29060: ("office", "oficina", "escritorio"),
    28661: ("commercial lot", "terreno comercial"),
    28702: ("industrial warehouse", "bodega industrial", "nave industrial"),
    28308: ("villa",),
    28304: ("building", "edificio", "predio"),
    28307: ("warehouse", "bodega"),
    29257: ("industrial lot", "terreno industrial"),
    28309: ("ranch", "rancho"),
    28701: ("shopping mall space", "local en centro comercial"),
    28310: ("quinta",),
    28552: ("house with commercial use", "casa con uso comercial", "casa com uso comercial"),
    28660: ("farm", "granja", "fazenda"),
    28305: ("commercial storage unit", "bodega comercial"),
}
PROPERTY_TYPES = {number: words[0] for number, words in _TYPES.items()}
ENGLISH_TYPES = {word: words[0] for words in _TYPES.values() for word in words}
