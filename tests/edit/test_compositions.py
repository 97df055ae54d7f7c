"""Edits made together: whatever is combined, in whatever file, it parses afterwards, and what no edit covers stays byte for byte."""

from __future__ import annotations

import ast
import codecs
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaktight.edit import Conflict, NotPossible, PythonDocument, Written, apply, decorate
from leaktight.edit.logger import log_exception
from leaktight.edit.texts import in_f_string
from leaktight.model import Edit

HEADS = (
    "",
    '"""What it is."""\n\n',
    "#!/usr/bin/env python\n# a licence\n\n",
    "from __future__ import annotations\n\n",
    "import os\nfrom django.http import HttpResponse  # why\n\n",
    "from django.http import (\n    Http404,  # why\n    HttpResponse,\n)\n\n",
    "try:\n    import json\nexcept ImportError:\n    json = None\n\n",
)
BODIES = (
    "def one(request, n=1):\n    call(request, n)  # first\n    return call(\n        n,\n        m=2,  # why\n    )\n",
    "@outer\n@app.route('/')\ndef two(request):\n    '''Doc é.'''\n    x = 1; y = 2\n    return f'{x} is {y}: {request}'\n",
    "class Three(Base):\n    # a comment\n\n    @inner\n    async def get(self, request):\n        return await call(request)\n\n\n",
    "def four():\n    try:\n        call()\n    except (ValueError, OSError) as error:  # caught\n        # here\n        return f'failed: {error}'\n    finally:\n        call()\n",
    "if x:\n    def five(a): return call(a, *a, **a)\nelse:\n    call(b for b in a)\n\x0c\n",
)


def _decorated(document: PythonDocument) -> Iterator[Edit]:
    for node in ast.walk(document.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield decorate(document, node, Written("mask", [document.quoted("password"), document.quoted("new_password")]))


def _argued(document: PythonDocument) -> Iterator[Edit]:
    for node in ast.walk(document.tree):
        if isinstance(node, ast.Call):
            try:
                yield document.keyword(node, "secure", "True")
            except NotPossible:
                continue


def _imported(document: PythonDocument) -> Iterator[Edit]:
    yield from document.imports.need("django.http", "JsonResponse")[1]
    yield from document.imports.need("django.utils.decorators", "method_decorator")[1]
    yield from document.imports.need_module("logging")[1]


def _logged(document: PythonDocument) -> Iterator[Edit]:
    for node in ast.walk(document.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None and node.body[0].lineno > node.lineno and node.name:
            yield from log_exception(document, node, "it failed")


def _cut(document: PythonDocument) -> Iterator[Edit]:
    for node in ast.walk(document.tree):
        if isinstance(node, ast.JoinedStr):
            try:
                yield from list(in_f_string(document, node, lambda value: isinstance(value, ast.Name) and value.id == "request"))
            except NotPossible:
                continue


OPERATIONS: tuple[Callable[[PythonDocument], Iterator[Edit]], ...] = (_decorated, _argued, _imported, _logged, _cut)
FORMS = {
    "plain": lambda text: text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "marked": lambda text: codecs.BOM_UTF8 + text.encode(),
    "latin-1": lambda text: b"# -*- coding: latin-1 -*-\n" + text.encode("latin-1"),
    "no last end": lambda text: text.rstrip("\n").encode(),
}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(
    st.sampled_from(HEADS),
    st.lists(st.sampled_from(BODIES), min_size=1, max_size=4),
    st.lists(st.sampled_from(OPERATIONS), min_size=1, unique=True),
)
def test_any_combination_parses_and_leaves_the_rest(
    form: str, head: str, bodies: list[str], operations: list[Callable[[PythonDocument], Iterator[Edit]]]
) -> None:
    data = FORMS[form](head + "".join(bodies))
    document = PythonDocument("f.py", data)
    edits = [edit for operation in operations for edit in operation(document)]
    try:
        out = apply(document, edits)
    except Conflict:
        return
    again = PythonDocument("f.py", out)
    assert again.marked == document.marked
    assert again.encoding == document.encoding
    ends = {document.newline} if len(document.text.splitlines()) > 1 else {"\n"}
    assert {
        end for end in ("\r\n", "\n") if end in again.text.replace("\r\n", "") or (end == "\r\n" and "\r\n" in again.text)
    } <= ends
    kept, done = [], 0
    for edit in sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end)):
        kept.append(document.text[done : edit.start])
        done = edit.end
    kept.append(document.text[done:])
    at = 0
    for piece in kept:
        found = again.text.find(piece, at)
        assert found >= 0, piece
        at = found + len(piece)
    assert again.text.endswith(kept[-1])
    for comment in ("# why", "# first", "# a comment", "# caught", "# here", "# a licence"):
        assert again.text.count(comment) == document.text.count(comment)
