"""Source to syntax tree: encodings, columns, newer grammars, and what can't be parsed."""

from __future__ import annotations

import ast
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.model import Gap, Span
from leaktight.source.newer_grammar import rewrite
from leaktight.source.python import Columns, Parsed, decode, parse


def parsed(source: str | bytes) -> Parsed:
    result = parse(source, "views.py")
    assert isinstance(result, Parsed), result
    return result


def gap(source: str | bytes) -> Gap:
    result = parse(source, "views.py")
    assert isinstance(result, Gap)
    return result


# -- encodings and columns -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 'a'\r\ny = 2\r", "x = 'a'\ny = 2\n"),
        (b"\xef\xbb\xbfx = 1", "x = 1"),
        (b"# coding: latin-1\nx = '\xe9'", "# coding: latin-1\nx = 'é'"),
        (b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\nx = '\x80'", "#!/usr/bin/python\n# -*- coding: cp1252 -*-\nx = '€'"),
        ("x = 'é'".encode(), "x = 'é'"),
    ],
)
def test_source_is_decoded_as_python_does(data: bytes, text: str) -> None:
    assert decode(data) == text


def test_a_cookie_counts_in_the_first_two_lines_only() -> None:
    assert decode("x = 1\n\n# coding: latin-1\ny = 'é'".encode()).endswith("é'")


@pytest.mark.parametrize("codec", ["rot13", "punycode", "idna", "nosuch", "base64"])
def test_a_codec_that_reads_no_source_is_a_gap(codec: str) -> None:
    assert "save it as UTF-8" in gap(f"# coding: {codec}\nx = 1".encode()).reason


def test_columns_count_characters() -> None:
    tree = parsed("x = 'é', y\n")
    assert isinstance(tree.tree.body[0], ast.Assign)
    assert isinstance(value := tree.tree.body[0].value, ast.Tuple)
    assert tree.span(value.elts[1]) == Span("views.py", 1, 10, 1, 11)


def test_columns_stay_right_after_a_byte_order_mark_and_form_feeds() -> None:
    tree = parsed(b"\xef\xbb\xbfx = 1\r\n\x0cy = '\xc3\xa9'; z = 2\r\n")
    assert [tree.span(node).column for node in tree.tree.body] == [1, 2, 11]
    assert [tree.span(node).line for node in tree.tree.body] == [1, 2, 2]


@given(st.text(max_size=30), st.data())
def test_a_column_is_where_its_offset_is(line: str, data: st.DataObject) -> None:
    line = line.replace("\n", "").replace("\r", "")
    place = data.draw(st.integers(0, len(line)))
    offset = len(line[:place].encode("utf-8", "surrogatepass"))
    assert Columns(f"first\n{line}").character(2, offset) == place + 1


def test_an_offset_out_of_the_file_is_no_error() -> None:
    assert Columns("é").character(7, 3) == 4


# -- newer grammars ------------------------------------------------------------------------------

NEWER = {
    "except without parentheses": ("try:\n    x\nexcept A, B: pass\n", "try:\n    x\nexcept (A, B): pass\n"),
    "except star": ("try:\n    x\nexcept* A, b.C:\n    y\n", "try:\n    x\nexcept* (A, b.C):\n    y\n"),
    "type parameters": ("def f[T: (int, str) = int](x: T) -> T:\n    return x\n", "def f(x: T) -> T:\n    return x\n"),
    "type parameters over lines": ("class A[\n    T,  # one\n\n    *Ts,\n](B[T]):\n    x = 1\n", "class A(B[T]):\n    x = 1\n"),
    "type alias": ("type Pair[T] = tuple[T, T]\n", "Pair = tuple[T, T]\n"),
    "reused quotes": ('x = f"{a["b"]}-{c["d"]!r:>{w}}"\n', "x = f\"{a['b']}-{c['d']!r:>{w}}\"\n"),
    "three levels of quotes": ('x = f"{f"{a["b"]}"}"\n', 'x = f"""{f"{a[\'b\']}"}"""\n'),
    "comment in a field": ('x = f"""{\n  a # why\n}"""\n', 'x = f"""{\n  a\n}"""\n'),
    "line break in a field": ('x = f"{\n  a\n}"\n', 'x = f"""{\n  a\n}"""\n'),
    "template string": ('x = t"{a}"\n', 'x = f"{a}"\n'),
    "lazy import": ("lazy import json\nlazy from a import b\n", "import json\nfrom a import b\n"),
}


@pytest.mark.parametrize("name", NEWER)
def test_newer_grammar_is_rewritten_to_the_same_tree(name: str) -> None:
    newer, older = NEWER[name]
    rewritten = rewrite(newer)
    assert rewritten is not None
    assert ast.dump(ast.parse(rewritten)) == ast.dump(ast.parse(older))
    assert rewritten.count("\n") == newer.count("\n")


def test_a_backslash_in_a_field_becomes_blanks() -> None:
    rewritten = rewrite('x = f"{"\\n".join(lines)}"\n')
    assert rewritten is not None
    assert ast.dump(ast.parse(rewritten)) == ast.dump(ast.parse("x = f\"{'  '.join(lines)}\"\n"))


@pytest.mark.parametrize(
    "source", ["def f[T](x): return x", "class A[T](B): x = y", "type A = B", "try: x\nexcept A, B: log(e)", 'f"{a["b"]}", c']
)
def test_rewriting_keeps_the_columns_of_what_follows(source: str) -> None:
    rewritten = rewrite(source)
    assert rewritten is not None
    names = {(node.id, node.lineno, node.col_offset) for node in ast.walk(ast.parse(rewritten)) if isinstance(node, ast.Name)}
    for name, line, column in names - {("A", 1, 0)}:
        assert source.split("\n")[line - 1].startswith(name, column)


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    x\nexcept (A, B):\n    y\n",
        "type(x)\ntype = 3\nx: type = 4\ntype [0]\nmatch = type\n",
        'x = f"{a!r:>{w}}" f\'{b:%H:%M}\' rf"\\d{c}{{}}"\n',
        'x = "def f[T](x): f\'{a[\\"b\\"]}\'"\n# except A, B:\n',
        "x[1:2], {a: b}, lambda: (c, d)\n",
        "def f(x=[1, 2]): return x[0]\n",
        "lazy = 1\nlazy_import = lazy\n",
        "list[0]: type\nmine[one()-1]: int = 5\n",
    ],
)
def test_older_grammar_is_left_alone(source: str) -> None:
    assert rewrite(source) is None


@given(st.text(alphabet="f\"'{}[]()\\\n #:!=,xdetypcasl*", max_size=60))
def test_rewriting_never_fails_and_keeps_lines(source: str) -> None:
    rewritten = rewrite(source)
    assert rewritten is None or rewritten.count("\n") == source.count("\n")


def test_a_file_of_newer_grammar_is_parsed_and_says_so() -> None:
    tree = parsed('def first[T](items: list[T]) -> T:\n    return f"{items["a"]}"\n')
    # On a Python that knows the grammar there is nothing to rewrite.
    assert tree.rescued in {True, False}
    assert isinstance(tree.tree.body[0], ast.FunctionDef)


# -- what can't be parsed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "(" * 10_000 + ")" * 10_000,
        "-" * 10_000 + "1",
        "x" + ".a" * 50_000,
        "[" * 150 + "]" * 150 + "+" + "+".join("1" for _ in range(20_000)),
        "f(" * 5_000,
        "\n".join(" " * depth + "if x:" for depth in range(120)),
    ],
    ids=["brackets", "signs", "attributes", "sum", "calls", "blocks"],
)
def test_hostile_nesting_is_a_gap_or_a_tree(source: str) -> None:
    result = parse(source, "views.py")
    assert isinstance(result, (Gap, Parsed))


def test_a_gap_says_where_and_what_to_do() -> None:
    found = gap("x = 1\ny = = 2\n")
    assert (found.path, found.line) == ("views.py", 2)
    assert found.reason.endswith("correct it, or run leaktight with a newer Python")


@pytest.mark.parametrize(
    "source", ['print "hello"\n', "try:\n    x\nexcept A, e:\n    print e\n", "exec 'x'\n", "raise A, 'b'\n"]
)
def test_python_2_is_named(source: str) -> None:
    assert gap(source).reason == "looks like Python 2, which is not analysed; convert it, or exclude it"


@pytest.mark.parametrize(
    "source", ["x = 1\0", b"x = 1\0", "x = '\ud800'\nd", b"\xff\xfex\x00"], ids=["nul", "nul bytes", "surrogate", "utf-16"]
)
def test_odd_bytes_are_gaps(source: str | bytes) -> None:
    assert gap(source).path == "views.py"


def test_no_warning_of_the_scanned_code_is_shown() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parsed("x = '\\d'\ny = 1 is 1\nassert (x, 'y')\n")


@given(st.text(max_size=200))
def test_any_text_is_a_tree_or_a_gap(source: str) -> None:
    assert isinstance(parse(source, "views.py"), (Gap, Parsed))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_tree_or_a_gap(source: bytes) -> None:
    assert isinstance(parse(source, "views.py"), (Gap, Parsed))
