"""Outside an edit every byte of a file stays what it is: encoding, mark, line ends, tabs, a missing last line end."""

from __future__ import annotations

import codecs
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.edit import Conflict, Document, PythonDocument, apply
from leaktight.model import Edit

BYTES = {
    "plain": b"a = 1\nb = 2\n",
    "crlf": b"a = 1\r\nb = 2\r\n",
    "mixed ends": b"a = 1\r\nb = 2\nc = 3\r\n",
    "old mac": b"a = 1\rb = 2\r",
    "no last end": b"a = 1\nb = 2",
    "marked": codecs.BOM_UTF8 + b"a = 1\n",
    "latin-1": b"# -*- coding: latin-1 -*-\na = '\xe9'\n",
    "tabs": b"if x:\n\ta = 1\n\tb = 2\n",
    "empty": b"",
    "form feed": b"a = 1\n\x0c\nb = '\x0b\x1c'\n",
    "wide": "a = '日本語'  # é\nb = 2\n".encode(),
}


@pytest.mark.parametrize("name", BYTES)
def test_without_an_edit_the_bytes_are_the_same(name: str) -> None:
    assert apply(Document("f.py", BYTES[name], python=True), []) == BYTES[name]


@pytest.mark.parametrize("name", BYTES)
def test_a_new_line_has_the_line_end_of_the_file(name: str) -> None:
    document = Document("f.py", BYTES[name], python=True)
    out = apply(document, [document.insert_lines(document.lines, ["new = 1"])])
    end = document.newline.encode()
    assert out.replace(end + b"new = 1", b"").replace(b"new = 1" + end, b"").replace(b"new = 1", b"") == BYTES[name]
    assert b"new = 1" in out


@given(
    st.text(alphabet="ab#é\t \r\n'\"", max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.text("xy\n")), max_size=4),
)
def test_only_what_an_edit_covers_changes(text: str, wishes: list[tuple[int, int, str]]) -> None:
    document = Document("f.html", text.encode(), python=False)
    length = len(document.text)
    edits = [document.edit(min(a, b, length), min(max(a, b), length), new) for a, b, new in wishes]
    try:
        out = apply(document, edits).decode()
    except Conflict:
        ordered = sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end))
        assert any(later.start < earlier.end for earlier, later in itertools.pairwise(ordered)) or len(ordered) > 2
        return
    expected, done = "", 0
    for edit in sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end)):
        expected += document.text[done : edit.start] + edit.text
        done = edit.end
    assert out == expected + document.text[done:]


def test_edits_that_touch_the_same_characters_are_refused() -> None:
    document = Document("f.py", b"abcdef\n", python=True)
    with pytest.raises(Conflict, match=r"f\.py touch line 1"):
        apply(document, [document.edit(0, 3, "x"), document.edit(2, 4, "y")])
    assert apply(document, [document.edit(0, 3, "x"), document.edit(0, 3, "x")]) == b"xdef\n"


def test_a_character_the_encoding_lacks_is_refused() -> None:
    document = Document("f.py", BYTES["latin-1"], python=True)
    with pytest.raises(UnicodeEncodeError):
        apply(document, [document.insert(0, "日")])


def _call(source: str, text: str) -> str:
    import ast

    document = PythonDocument("f.py", source.encode())
    call = next(node for node in ast.walk(document.tree) if isinstance(node, ast.Call))
    return apply(document, [document.add_argument(call, text)]).decode()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f()\n", "f(s=1)\n"),
        ("f( )\n", "f( s=1)\n"),
        ("f(a)\n", "f(a, s=1)\n"),
        ("f((a))\n", "f((a), s=1)\n"),
        ("f(a,)\n", "f(a, s=1,)\n"),
        ("f(a, b=(1))\n", "f(a, b=(1), s=1)\n"),
        ("f(\n    a,\n    b=2,\n)\n", "f(\n    a,\n    b=2,\n    s=1,\n)\n"),
        ("f(\n    a,\n    b=2  # why, (not)\n)\n", "f(\n    a,\n    b=2, s=1  # why, (not)\n)\n"),
        ("f(\n    a,\n    b=2,  # why, (not)\n)\n", "f(\n    a,\n    b=2,  # why, (not)\n    s=1,\n)\n"),
        ("f(x for x in y)\n", None),
        ("f(*a, **k)\n", "f(*a, **k, s=1)\n"),
        ("f('é', 'b')\n", "f('é', 'b', s=1)\n"),
    ],
)
def test_an_argument_is_added_in_the_style_of_the_call(source: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="generator"):
            _call(source, "s=1")
    else:
        assert _call(source, "s=1") == expected


def _imported(source: str, *names: tuple[str, str]) -> str:
    document = PythonDocument("f.py", source.encode())
    edits: list[Edit] = []
    for module, name in names:
        edits += document.imports.need(module, name)[1]
    return apply(document, edits).decode()


DEBUG = ("django.views.decorators.debug", "sensitive_variables")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\n", "from django.views.decorators.debug import sensitive_variables\n\nx = 1\n"),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nfrom django.views.decorators.debug import sensitive_variables\n\nx = 1\n'),
        (
            "from __future__ import annotations\n\nx = 1\n",
            "from __future__ import annotations\n\nfrom django.views.decorators.debug import sensitive_variables\n\nx = 1\n",
        ),
        (
            "import os\n\nfrom django.http import HttpResponse\n\nfrom shop import x\n",
            "import os\n\nfrom django.http import HttpResponse\nfrom django.views.decorators.debug import sensitive_variables\n\nfrom shop import x\n",
        ),
        (
            "from django.views.decorators.debug import sensitive_post_parameters\n",
            "from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables\n",
        ),
        (
            "from django.views.decorators.debug import (\n    sensitive_post_parameters,\n)\n",
            "from django.views.decorators.debug import (\n    sensitive_post_parameters,\n    sensitive_variables,\n)\n",
        ),
        (
            "from django.views.decorators.debug import (\n    sensitive_post_parameters\n)\n",
            "from django.views.decorators.debug import (\n    sensitive_post_parameters,\n    sensitive_variables\n)\n",
        ),
        ("from django.views.decorators.debug import sensitive_variables as sv\n", None),
        ("from django.views.decorators import debug\n", None),
        (
            "sensitive_variables = 1\n",
            "from django.views.decorators.debug import sensitive_variables as debug_sensitive_variables\n\nsensitive_variables = 1\n",
        ),
        ("#!/usr/bin/env python\n# licence\nx = 1\n", None),
    ],
)
def test_an_import_goes_where_its_kind_stands(source: str, expected: str | None) -> None:
    out = _imported(source, DEBUG)
    compile(out, "f.py", "exec")
    if source.startswith("#!"):
        assert out.startswith("#!/usr/bin/env python\n# licence\nfrom django")
    else:
        assert out == (expected or source)


def test_two_fixes_may_need_the_same_import() -> None:
    out = _imported("import os\n", DEBUG, DEBUG, ("django.utils.decorators", "method_decorator"))
    assert out.count("sensitive_variables") == 1
    compile(out, "f.py", "exec")


@pytest.mark.parametrize(
    "source",
    [
        "def pay(request, method_decorator=None):\n    return request\n",
        "try:\n    pass\nexcept OSError as method_decorator:\n    pass\n",
    ],
)
def test_a_name_that_a_function_gives_a_meaning_is_not_imported_over(source: str) -> None:
    out = _imported(source, ("django.utils.decorators", "method_decorator"))
    assert "import method_decorator as decorators_method_decorator\n" in out
