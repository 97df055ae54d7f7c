"""Packed code is searched for words before anybody unpacks and walks it."""

from __future__ import annotations

import ast

from leaktight.source.code import Module, Op, holds, packed, walk
from leaktight.source.lower import lower
from leaktight.source.reading import _decode, _encode


def lowered(text: str) -> Module:
    return _decode(_encode(lower(ast.parse(text), path="a.py", lines=1, wide=False)))


def test_a_word_is_found_where_code_names_it_and_not_inside_another() -> None:
    body = lowered("def view(request):\n    return request.metadata['key']\n").functions[0].body
    assert holds(body, packed("metadata"))
    assert holds(body, packed("nothing", "key"))
    assert not holds(body, packed("data", "meta"))
    assert not holds(b"", packed("data"))


def test_every_piece_is_walked_before_what_is_inside_it() -> None:
    found = list(
        walk([[Op.ASSIGN, 1 << 41, [[Op.NAME, 1 << 41, "a"]], [Op.LIST, 1 << 41, "list", [[Op.CONST, 1 << 41, "b"]]], None]])
    )
    assert [code[0] for code in found] == [Op.ASSIGN, Op.NAME, Op.LIST, Op.CONST]


def test_what_few_files_hold_is_told_of_each() -> None:
    assert lowered("x = 'HTTP://shop'; y = 'Set-Cookie'").telling == ["address", "set-cookie"]
    assert lowered("x = {'Access-Control-Allow-Origin': '*'}").telling == ["access-control-allow-origin"]
    assert lowered("x = 'shop http://'; y = 'cookie'").telling == []
