"""The repair of a form that puts secrets into the URL: its template sends POST with a token, and its view reads what is posted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from leaktight.edit import Definition, Desk, Document, NotPossible, PythonDocument
from leaktight.edit.decorators import last_part
from leaktight.edit.markup import with_attribute, with_token
from leaktight.model import Edit, Finding
from leaktight.project.views import View
from leaktight.rules.errors.masking import definition

TITLE = "send the form by POST with a token, and let its view read what is posted"
EFFECT = "addresses that hold these values lead to the empty form, and who reloads the page is asked before it is sent again"

_NAMED = re.compile(r"""\bname\s*=\s*["']([\w.-]+)["']""")
_FIELD = re.compile(r"typed into `([^`]+)`")
_ACTION = re.compile(r"""\baction\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')""", re.IGNORECASE)
_URL_TAG = re.compile(r"""^\s*\{%-?\s*url\s+["'](?P<name>[\w:.-]+)["']\s*-?%\}\s*$""")
_LIMITS = frozenset({"require_GET", "require_safe"})
_READERS = frozenset({"get", "getlist"})


def by_post(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Turn a GET form and its view over to POST together. Raises `NotPossible` when the view that takes it is not plain to see."""
    page = desk.text(finding.span.path)
    tag, inner = _form(page, finding)
    names = set(_NAMED.findall(inner)) | set(_FIELD.findall(finding.message))
    view = _target(tag, page.path, desk)
    if "post" in view.handlers:
        raise NotPossible("its view answers POST already, in another way")
    document = desk.python(view.path)
    node = definition(view.ref, desk)
    read = list(_reads(document, node, names, exact="{{" not in inner and "{%" not in inner.replace("{% csrf_token %}", "")))
    if not read:
        raise NotPossible("its view does not read what the form sends in plain sight")
    yield with_attribute(page, finding.span, "method", "post")
    if "csrf_token" not in inner and "csrf_input" not in inner:
        yield with_token(page, finding.span)
    for place in read:
        end = document.place(place)[1]
        yield document.edit(end - len("GET"), end, "POST")
    yield from _answered(document, node)


# -- the form and its view ---------------------------------------------------------------------


def _form(page: Document, finding: Finding) -> tuple[str, str]:
    """The start tag of the form, and what stands in it."""
    start, end = page.range_of(finding.span)
    close = page.text.lower().find("</form", end)
    if close < 0:
        raise NotPossible("the form does not end in this file")
    return page.text[start:end], page.text[end:close]


def _target(tag: str, path: str, desk: Desk) -> View:
    """The one view that takes the form: the one its action names, or the one that shows the page."""
    action = _ACTION.search(tag)
    address = (action["double"] or action["single"] or "").strip() if action is not None else ""
    if address in {"", "."}:
        name = path.rpartition("templates/")[2]
        views = [view for view in desk.project.views if _shows(view, name, desk)]
    else:
        named = _URL_TAG.match(address)
        if named is None:
            raise NotPossible("the form goes to an address that is put together")
        wanted = named["name"].rpartition(":")[2]
        views = [view for view in desk.project.views if any(route.name == wanted for route in view.routes)]
    if len(views) != 1:
        raise NotPossible("the view that takes the form is not plain to see")
    return views[0]


def _shows(view: View, name: str, desk: Desk) -> bool:
    try:
        node = definition(view.ref, desk)
    except NotPossible:
        return False
    return any(isinstance(inner, ast.Constant) and inner.value == name for inner in ast.walk(node))


# -- the view ----------------------------------------------------------------------------------


def _reads(document: PythonDocument, node: Definition, names: set[str], *, exact: bool) -> Iterator[ast.Attribute]:
    """Where a view reads what the form sends. `exact` says that the names are all the form has."""
    above = {child: parent for parent in ast.walk(node) for child in ast.iter_child_nodes(parent)}
    for inner in ast.walk(node):
        if not (isinstance(inner, ast.Attribute) and inner.attr == "GET" and last_part(inner.value) == "request"):
            continue
        parent = above[inner]
        key = _key(parent, above)
        if (
            key in names
            or (isinstance(parent, ast.Call) and inner in parent.args and last_part(parent.func).endswith("Form"))
            or (
                isinstance(parent, ast.BoolOp)
                and isinstance(grand := above[parent], ast.Call)
                and last_part(grand.func).endswith("Form")
            )
        ):
            yield inner
        elif key is None or not exact:
            raise NotPossible("its view reads more of the address than the form is known to send")


def _key(parent: ast.AST, above: dict[ast.AST, ast.AST]) -> str | None:
    """The key that is read by `GET["key"]`, `GET.get("key")` or `"key" in GET`."""
    if isinstance(parent, ast.Subscript):
        key: ast.AST = parent.slice
    elif isinstance(parent, ast.Compare) and len(parent.ops) == 1 and isinstance(parent.ops[0], ast.In | ast.NotIn):
        key = parent.left
    elif (
        isinstance(parent, ast.Attribute)
        and parent.attr in _READERS
        and isinstance(call := above[parent], ast.Call)
        and call.args
    ):
        key = call.args[0]
    else:
        return None
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def _answered(document: PythonDocument, node: Definition) -> Iterator[Edit]:
    """Let the view answer POST as it answers GET."""
    if isinstance(node, ast.ClassDef):
        indent = document.indent_of(node.body[0])
        step = indent[len(document.indent_of(node)) :]
        own = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "get"), None)
        if any(isinstance(item, ast.AsyncFunctionDef) and item.name == "get" for item in node.body):
            raise NotPossible("its `get` is asynchronous")
        taken, given = _signature(document, own)
        after = own if own is not None else node.body[-1]
        lines = ["", f"def post({taken}):", f"{step}return self.get({given})"]
        yield document.insert_lines((after.end_lineno or after.lineno) + 1, lines, indent)
        return
    for decorator in node.decorator_list:
        name = last_part(decorator)
        if name in _LIMITS:
            written, imported = document.imports.instead("django.views.decorators.http", "require_http_methods", name)
            yield from imported
            yield document.replace(decorator, f"{written}([{document.quoted('GET')}, {document.quoted('POST')}])")
        elif name == "require_http_methods":
            raise NotPossible("its view says which methods it takes")


def _signature(document: PythonDocument, own: ast.FunctionDef | None) -> tuple[str, str]:
    """What `post` takes, as `get` takes it, and what it hands on."""
    if own is None:
        return "self, request, *args, **kwargs", "request, *args, **kwargs"
    if own.args.kwonlyargs or own.args.defaults or own.args.posonlyargs:
        raise NotPossible("its `get` takes arguments of its own")
    plain = [argument.arg for argument in own.args.args]
    star = [f"*{own.args.vararg.arg}"] if own.args.vararg else []
    double = [f"**{own.args.kwarg.arg}"] if own.args.kwarg else []
    return ", ".join([*plain, *star, *double]), ", ".join([*plain[1:], *star, *double])
