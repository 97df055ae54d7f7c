"""Code that other tools keep as a text inside a test function: cut out, its placeholders filled, its lines mapped."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

_OPENING = re.compile(r"""^[rRbBfFuU]*(?P<quotes>\"\"\"|'''|\"|')(?P<first>\\?\n)?""")
_PLACEHOLDER = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A text with code, and the line of the test file on which its first line stands."""

    code: str
    first_line: int

    def line_of(self, line: int) -> int:
        """Give the line of the fragment for a line of the test file."""
        return line - self.first_line + 1


def fragment_at(source: str, line: int) -> Fragment | None:
    """Give the text around a line of a test file, as the test hands it on; None when there is none."""
    tree = ast.parse(source)
    holders = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)))
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    if not holders:
        return None
    holder = max(holders, key=lambda node: (node.end_lineno or 0) - node.lineno)
    written = ast.get_source_segment(source, holder) or ""
    opening = _OPENING.match(written)
    if opening is None:
        return None
    body = written[opening.end() : len(written) - len(opening["quotes"])]
    if isinstance(holder, ast.JoinedStr):
        values = _first_parameters(tree, line)
        body = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[1]), body).replace("{{", "{").replace("}}", "}")
    # The lines of the data count from the opening quotes, whether a backslash swallows the first end of line or not.
    return Fragment(_dedented(body, behind_quotes=not opening["first"]), holder.lineno + (1 if opening["first"] == "\n" else 0))


def _dedented(text: str, *, behind_quotes: bool) -> str:
    """Take the common margin away; a first line right behind the quotes has none."""
    head, line_end, rest = text.partition("\n")
    return f"{head.lstrip()}{line_end}{textwrap.dedent(rest)}" if behind_quotes else textwrap.dedent(text)


def _first_parameters(tree: ast.Module, line: int) -> dict[str, str]:
    """What the test around a line is given by the first of each set of its parameters."""
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    values: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            for written in node.decorator_list:
                decorator = _meant(written, assigned)
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("parametrize"):
                    values |= _first_set(decorator, assigned)
    return values


def _meant(node: ast.expr, assigned: dict[str, ast.expr]) -> ast.expr:
    """What a name stands for, where the file says so."""
    return assigned.get(node.id, node) if isinstance(node, ast.Name) else node


def _first_set(decorator: ast.Call, assigned: dict[str, ast.expr]) -> dict[str, str]:
    named, sets = (_meant(argument, assigned) for argument in decorator.args[:2])
    names = ast.literal_eval(named)
    keys = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    first = next((node for node in ast.walk(sets) if isinstance(node, ast.Constant | ast.Tuple)), sets)
    given = first.elts if isinstance(first, ast.Tuple) and len(keys) > 1 else [first]
    return {key: str(node.value) for key, node in zip(keys, given, strict=False) if isinstance(node, ast.Constant)}


def statement_at(code: str, line: int) -> tuple[int, int]:
    """Give the first and last line of the innermost statement around a line, its decorators with it; the line itself without one."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return line, line
    spans = [
        (_start(node), _end_of_head(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and _start(node) <= line <= _end_of_head(node)
    ]
    return min(spans, key=lambda span: span[1] - span[0], default=(line, line))


def _start(node: ast.stmt) -> int:
    """Where a statement begins; one with decorators begins with them."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _end_of_head(node: ast.stmt) -> int:
    """Where a statement ends; for one with a body, where that begins."""
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        return max(node.lineno, body[0].lineno - 1)
    return node.end_lineno or node.lineno
