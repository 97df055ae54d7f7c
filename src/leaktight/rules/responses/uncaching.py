"""Repairs that keep answers out of caches: `never_cache` in the place of what lets them be kept, and on views that say nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible, OtherKind, PythonDocument, decorate
from leaktight.edit.decorators import last_part
from leaktight.model import Edit, Finding
from leaktight.rules.errors.masking import require_async

_MODULE, _NEVER = "django.views.decorators.cache", "never_cache"
_CACHING = frozenset({"cache_page", "cache_control"})
_PRIVATE = "private, no-store"


def kept_out(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Put `never_cache` in the place of a decorator or wrapper that caches, and `no-store` in that of a header."""
    if "does not say `no-store`" in finding.message:
        raise OtherKind("nothing caches it on purpose")
    document = desk.python(finding.span.path)
    node = document.at(finding.span, ast.stmt, ast.expr)
    calls = (
        [inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and last_part(inner.func) in _CACHING] if node else []
    )
    if len(calls) == 1:
        name, imported = document.imports.instead(_MODULE, _NEVER, last_part(calls[0].func))
        yield from imported
        yield document.replace(calls[0], name)
        return
    yield _header(document, document.at(finding.span, ast.stmt))


def told_not_to_keep(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Put `never_cache` on a view whose answer holds a secret."""
    if "does not say `no-store`" not in finding.message:
        raise OtherKind("something caches it on purpose")
    document = desk.python(finding.span.path)
    for node in document.every(ast.FunctionDef, ast.AsyncFunctionDef):
        if node.lineno == finding.span.line:
            break
    else:
        raise NotPossible("its view is not a function written here")
    if isinstance(node, ast.AsyncFunctionDef):
        require_async(desk)
    arguments = [*node.args.posonlyargs, *node.args.args]
    name, imported = document.imports.need(_MODULE, _NEVER)
    yield from imported
    if arguments and arguments[0].arg == "self":
        wrap, more = document.imports.need("django.utils.decorators", "method_decorator")
        yield from more
        name = f"{wrap}({name})"
    yield decorate(document, node, name)


def _header(document: PythonDocument, node: ast.AST | None) -> Edit:
    """Another text for a `Cache-Control` that is set by hand."""
    texts = [
        inner
        for inner in (ast.walk(node) if node is not None else ())
        if isinstance(inner, ast.Constant)
        and isinstance(inner.value, str)
        and ("public" in inner.value or "max-age" in inner.value)
    ]
    if len(texts) != 1:
        raise NotPossible("what lets it be kept is not written at this place")
    return document.replace(texts[0], document.quoted(_PRIVATE))
