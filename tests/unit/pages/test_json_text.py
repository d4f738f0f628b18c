"""JSON of pages is read through what their templates leave in it, or not at all."""

from __future__ import annotations

import time

import pytest
from selectolax.lexbor import LexborHTMLParser

from pincali_sync.pages.json_text import json_of
from pincali_sync.pages.text import is_of_type, json_ld

HOUSE = {"@type": "House", "name": "Sol & Mar, //1", "numbers": [1, 2]}


@pytest.mark.parametrize(
    "text",
    [
        '{"@type": "House", "name": "Sol & Mar, //1", "numbers": [1, 2]}',
        '{"@type": "House", "name": "Sol &amp; Mar, //1", "numbers": [1, 2]}',
        '{"@type": "House", "name": "Sol &#38; Mar, //1", "numbers": [1, 2],}',
        '{"@type": "House", "name": "Sol & Mar, //1", "numbers": [1, 2, ], , }',
        '/* made by /hand */ {"@type": "House", // of one\n "name": "Sol & Mar, //1", '
        '"numbers": [1, /* , */ 2, /* 3 */ ]}',
        '<!-- {"@type": "House", "name": "Sol & Mar, //1", "numbers": [1, 2]} -->',
        '//<![CDATA[\n{"@type": "House", "name": "Sol & Mar, //1", "numbers": [1, 2]}\n//]]>',
        '\ufeff{"@type": "House", "name": "Sol & Mar, //1", "numbers": [1, 2]};\n',
        "{&quot;@type&quot;: &quot;House&quot;, &quot;name&quot;: &quot;Sol &amp; Mar, //1&quot;, "
        "&quot;numbers&quot;: [1, 2]}",
    ],
)
def test_an_object_is_read_through_what_surrounds_it(text: str) -> None:
    assert json_of(text) == HOUSE


def test_several_values_are_a_list_up_to_where_they_break() -> None:
    assert json_of('{"a": 1}{"b": 2},\n{"c": 3,}; {"d": ') == [{"a": 1}, {"b": 2}, {"c": 3}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "x &quot;y&quot; \\\\ &eacute; &lt;b&gt;"}', 'x "y" \\ é <b>'),
        ('{"a": "two\nlines"}', "two\nlines"),
        ('{"a": "/* no comment */, ]", }', "/* no comment */, ]"),
        ('{"a": "a -- &unknown; &"}', "a -- &unknown; &"),
    ],
)
def test_texts_are_what_they_say(text: str, value: str) -> None:
    assert json_of(text) == {"a": value}


@pytest.mark.parametrize(
    "text", [None, "", "{", '{"a": }', "{'a': 1}", "var a = 1;", "[" * 100_000, '{"a": "', "null"]
)
def test_what_is_no_json_is_nothing(text: str | None) -> None:
    assert json_of(text) is None


def test_an_entity_beyond_all_numbers_is_no_fault() -> None:
    assert json_of(f"[&quot;&#{'9' * 5_000};&quot;]") == ["\ufffd"]


@pytest.mark.parametrize(
    "sign", ["/*", '"', "//", ",", "&a;", "<!--", '"\\', "{}", "1 ", "[,", "&"]
)
def test_hostile_text_takes_little_time(sign: str) -> None:
    began = time.process_time()
    json_of("{" + sign * 300_000)
    json_of(sign * 300_000)
    assert time.process_time() - began < 3


def test_blocks_of_a_page_stand_for_themselves() -> None:
    tree = LexborHTMLParser(
        '<script type="application/ld+json">{"@type": </script>'
        '<script type="Application/LD+JSON; charset=utf-8">'
        '{"@graph": [{"@type": ["Thing", "http://schema.org/House"]}, 5, null]}</script>'
        '<script type="application/ld+json">[{"@type": "schema:Offer"},]</script>'
        '<script type="application/json">{"@type": "House"}</script>'
    )
    found = list(json_ld(tree))
    assert [is_of_type(each, "House") for each in found] == [True, False]
    assert is_of_type(found[1], "Offer")


@pytest.mark.parametrize("inner", ["[]", "{}", '{"a":[]}'])
def test_more_lists_and_objects_than_any_page_has_are_none(inner: str) -> None:
    assert json_of(f"[{','.join([inner] * 5_000)}]") is not None
    assert json_of(f"[{','.join([inner] * 20_000)}]") is None
