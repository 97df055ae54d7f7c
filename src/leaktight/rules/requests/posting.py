"""The repair of a view that tells a secret to GET: a POST keeps it in the session, and a page of its own shows it once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from leaktight.edit import Desk, NotPossible, PythonDocument, Written
from leaktight.edit.decorators import last_part
from leaktight.model import Edit, Finding
from leaktight.project.symbols import ClassRef
from leaktight.project.views import View
from leaktight.rules.errors.masking import definition
from leaktight.rules.guarding import EFFECT as NEEDS
from leaktight.rules.guarding import installed

TITLE = "answer GET with a form, keep the secret in the session, and show it once on a page of its own"
GUARDED_TITLE = "answer GET with a form, keep the secret in the guard's vault, and show it once on the guard's page"
EFFECT = "who asks gets a button first, and what it tells is shown once, at an address of its own"
GUARDED_EFFECT = f"{EFFECT}; {NEEDS}"
UNCOVERED = ("secret-on-get", "secret-in-response", "clear-secret-in-session", "cacheable-secret")
"""Rules that may speak of the view only once this is repaired."""

_VIEW = frozenset({"django.views.View", "django.views.generic.View", "django.views.generic.base.View"})
_FORM = '<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{}"><button>Show</button></form>'  # the token's own input
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


@dataclass(frozen=True, slots=True)
class _Page:
    """A view that can be taken apart, and where it is routed."""

    document: PythonDocument
    node: ast.ClassDef
    handler: ast.FunctionDef
    answer: ast.Return
    secret: ast.expr
    urls: PythonDocument
    route: ast.Call
    view: View

    @property
    def name(self) -> str:
        """What the route is called."""
        return self.view.routes[0].name or ""

    @property
    def key(self) -> str:
        return self.secret.id if isinstance(self.secret, ast.Name) else "secret"


def post_and_redirect(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Take a GET view apart into form, POST, redirect and secure page, with its route."""
    page = _page(finding, desk)
    yield from _in_view(page)
    yield from _secure_page(page)
    yield from _in_urls(page)


def post_and_hand_over(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Take a GET view apart into form and POST; the guard's vault keeps the secret, and its page shows it once."""
    page = _page(finding, desk)
    yield from _in_view(page, guarded=True)
    route = _pattern(page, "/<str:handle>/")
    shown, imported = page.urls.imports.need("leaktight.guard.pages", "SecretPage")
    yield from imported
    name = page.urls.quoted(f"{page.name}-secure")
    yield _listed(page.urls, page.route, f"path({route}, {shown}.as_view(), name={name})")
    yield from installed(desk, with_pages=True)


# -- what can be taken apart -------------------------------------------------------------------


def _page(finding: Finding, desk: Desk) -> _Page:
    view = _view(finding, desk)
    middleware = desk.project.setting("MIDDLEWARE")
    names = middleware.value if middleware is not None else None
    if not isinstance(names, list | tuple) or _SESSIONS not in names:
        raise NotPossible("the site has no sessions to keep it in")
    document = desk.python(view.path)
    node = definition(view.ref, desk)
    assert isinstance(node, ast.ClassDef)  # what a class's reference means
    handler = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "get"), None)
    if handler is None or handler.decorator_list or len(handler.args.args) != 2 or handler.args.vararg or handler.args.kwonlyargs:
        raise NotPossible("its `get` takes more than the request, or is inherited")
    answer = handler.body[-1]
    returns = [inner for inner in ast.walk(handler) if isinstance(inner, ast.Return)]
    if not isinstance(answer, ast.Return) or returns != [answer]:
        raise NotPossible("its `get` answers in more than one way")
    secret = _told(answer)
    urls, route = _route(view, desk)
    return _Page(document, node, handler, answer, secret, urls, route, view)


def _view(finding: Finding, desk: Desk) -> View:
    program = desk.project.program
    for view in desk.project.views:
        module = view.path.removesuffix(".py").replace("/", ".")
        if isinstance(view.ref, ClassRef) and finding.symbol == f"{module}.{program.class_(view.ref).qualified}.get":
            if not program.ancestors(view.ref) <= _VIEW or len(program.mro(view.ref)) != 2 or "post" in view.handlers:
                raise NotPossible("the view is more than a class with a `get`")
            return view
    raise NotPossible("whether the page is there to show it, once and to whom it is for, is for its makers to say")


def _told(answer: ast.Return) -> ast.expr:
    call = answer.value
    if isinstance(call, ast.Call) and last_part(call.func) == "HttpResponse" and len(call.args) == 1 and not call.keywords:
        return call.args[0]
    raise NotPossible("what it tells is not the whole answer")


def _route(view: View, desk: Desk) -> tuple[PythonDocument, ast.Call]:
    if len(view.routes) != 1 or view.routes[0].name is None or not view.routes[0].pattern or "<" in view.routes[0].pattern:
        raise NotPossible("its address has no name, or parts that are filled in")
    route = view.routes[0]
    urls = desk.python(route.path)
    call = urls.at(desk.project.span(route.path, route.span), ast.Call)
    if not isinstance(call, ast.Call) or last_part(call.func) != "path" or len(call.args) != 2:
        raise NotPossible("its address is not a plain `path()`")
    return urls, call


# -- the edits ---------------------------------------------------------------------------------


def _in_view(page: _Page, *, guarded: bool = False) -> Iterator[Edit]:
    document, handler = page.document, page.handler
    names = {}
    for module, name in (
        ("django.middleware.csrf", "get_token"),
        ("leaktight.guard.pages", "hand_over") if guarded else ("django.shortcuts", "redirect"),
        ("django.utils.decorators", "method_decorator"),
        ("django.utils.html", "format_html"),
        ("django.views.decorators.cache", "never_cache"),
        ("django.views.decorators.csrf", "csrf_protect"),
    ):
        names[name], imported = document.imports.need(module, name)
        yield from imported
    request = handler.args.args[1].arg
    outer = document.indent_of(page.node)
    dispatch = f"name={document.quoted('dispatch')}"
    first = page.node.decorator_list[0].lineno if page.node.decorator_list else page.node.lineno
    decorators = [f"@{Written(names['method_decorator'], [names[name], dispatch])}" for name in ("csrf_protect", "never_cache")]
    yield document.insert_lines(first, decorators, outer)
    indent = document.indent_of(handler)
    step = document.indent_of(handler.body[0])[len(indent) :]
    made = last_part(page.answer.value.func) if isinstance(page.answer.value, ast.Call) else "HttpResponse"
    form = [
        f"def get(self, {request}):",
        f"{step}form = '{_FORM}'",
        f"{step}return {made}({names['format_html']}(form, {names['get_token']}({request})))",
        "",
    ]
    yield document.insert_lines(handler.lineno, form, indent)
    start = document.text.index("get", document.place(handler)[0])
    yield document.edit(start, start + len("get"), "post")
    to, secret = document.quoted(f"{page.name}-secure"), document.source(page.secret)
    if guarded:
        yield document.replace(page.answer, f"return {names['hand_over']}({request}, {secret}, to={to})")
        return
    kept = f"{request}.session[{document.quoted(page.key)}] = {secret}"
    sent = f"return {names['redirect']}({to})"
    yield document.replace(page.answer, f"{kept}\n{document.indent_of(page.answer)}{sent}")


def _secure_page(page: _Page) -> Iterator[Edit]:
    document = page.document
    outer, key = document.indent_of(page.node), document.quoted(page.key)
    indent = document.indent_of(page.handler)[len(outer) :]
    wrap = document.imports.name_of("django.utils.decorators", "method_decorator") or "method_decorator"
    once = document.imports.name_of("django.views.decorators.cache", "never_cache") or "never_cache"
    back = document.imports.name_of("django.shortcuts", "redirect") or "redirect"
    bases = ", ".join(document.source(base) for base in page.node.bases)
    made = document.source(page.answer.value.func) if isinstance(page.answer.value, ast.Call) else "HttpResponse"
    lines = [
        "",
        "",
        f"@{wrap}({once}, name={document.quoted('dispatch')})",
        f"class Secure{page.node.name}({bases}):",
        f"{indent}def get(self, request):",
        f"{indent * 2}if {key} not in request.session:",
        f"{indent * 3}return {back}({document.quoted(page.name)})",
        f"{indent * 2}return {made}(request.session.pop({key}))",
    ]
    yield document.insert_lines((page.node.end_lineno or page.node.lineno) + 1, lines, outer)


def _in_urls(page: _Page) -> Iterator[Edit]:
    urls, route = page.urls, page.route
    as_view = route.args[1]
    view = as_view.func.value if isinstance(as_view, ast.Call) and isinstance(as_view.func, ast.Attribute) else None
    if view is None:
        raise NotPossible("its address is not a plain `path()`")
    secure = f"Secure{page.node.name}"
    if isinstance(view, ast.Attribute):
        written = f"{urls.source(view.value)}.{secure}"
    else:
        yield urls.imports.beside(page.node.name, secure)
        written = secure
    added = f"path({_pattern(page, '/')}, {written}.as_view(), name={urls.quoted(f'{page.name}-secure')})"
    yield _listed(urls, route, added)


def _pattern(page: _Page, end: str) -> str:
    """The address of the secure page, below that of the view, as it is written in the URLconf."""
    return page.urls.quoted(f"{(page.view.routes[0].pattern or '').rstrip('/')}/secure{end}")


def _listed(urls: PythonDocument, route: ast.Call, added: str) -> Edit:
    """List another route behind one, in the way the list is written."""
    line = urls.line(route.lineno)
    if line.strip().startswith(urls.source(route.func)):
        return urls.insert(urls.place(route)[1], f",\n{line[: len(line) - len(line.lstrip())]}{added}")
    whole = next((node for node in urls.every(ast.List) if route in node.elts), None)
    if whole is None or whole.lineno != whole.end_lineno or len(line) + len(added) + 2 <= urls.width:
        return urls.insert(urls.place(route)[1], f", {added}")
    items = [urls.source(item) for item in whole.elts]
    items.insert(whole.elts.index(route) + 1, added)
    return urls.replace(whole, "\n".join(["[", *(f"    {item}," for item in items), "]"]))
