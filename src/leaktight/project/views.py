"""Views: which functions answer requests, for which methods, behind which decorators and mixins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import msgspec

from leaktight.project.symbols import ClassRef, External, FunctionRef, GlobalRef, ModuleRef, Program
from leaktight.source.code import Code, Op, Parameter, last_name, walk

_ROUTES = frozenset({"path", "re_path", "url", "register"})
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
_ROUTING = re.compile(
    r"^django\.urls\.(?:re_)?path$|^django\.urls$|^django\.conf\.urls\b|(?:^|[._])routers?$|Router$", re.IGNORECASE
)
"""What a file imports that may say which view answers which address."""
_ANSWERS = frozenset(
    """HttpResponseRedirect HttpResponsePermanentRedirect HttpResponseBadRequest HttpResponseForbidden HttpResponseNotFound
    HttpResponseNotAllowed HttpResponseNotModified HttpResponseGone HttpResponseServerError render redirect redirect_to_login
    render_to_response get_object_or_404 get_list_or_404""".split()
)
_CAPTURED = re.compile(r"<(?:\w+:)?(\w+)>")
"""A named part of a route's pattern: `<str:slug>`, `(?P<slug>…)`."""
_MAX_ALIASES = 8
_DRF_ACTIONS = {
    "list": "get",
    "retrieve": "get",
    "create": "post",
    "update": "put",
    "partial_update": "patch",
    "destroy": "delete",
}
_HANDLERS = {**{method: method for method in METHODS}, **_DRF_ACTIONS}
"""Name of a method → the request method it answers; of two for the same, the last counts."""


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a URLconf."""

    path: str
    span: int
    pattern: str | None
    name: str | None
    wrappers: tuple[str, ...]
    """Qualified names of what is wrapped around the view here, outermost first."""
    with_debug: bool = False
    """Only added with `settings.DEBUG` on."""


@dataclass(frozen=True, slots=True)
class Decorator:
    """A decorator in force on a view: its qualified name, where it stands, and how it got there."""

    name: str
    path: str
    span: int
    target: str
    """`function`, `class` (by method_decorator name=), `method:<name>`, `url`, `alias`."""
    code: Code
    direct: bool = True
    """False when it went through method_decorator."""


@dataclass(slots=True)
class View:
    """A function or class that answers requests."""

    ref: FunctionRef | ClassRef
    name: str
    path: str
    span: int
    handlers: dict[str, FunctionRef]
    """HTTP method (lower case; `*` for any) → the function that answers it."""
    decorators: tuple[Decorator, ...]
    ancestors: frozenset[str]
    routes: list[Route] = field(default_factory=list)
    is_api: bool = False
    """A DRF view, which checks CSRF only for session logins."""

    def has(self, *names: str) -> bool:
        """Tell whether a decorator, wrapper or base class with one of these last name parts is in force."""
        wanted = set(names)
        found = {item.name.rpartition(".")[2] for item in self.decorators}
        found |= {wrapper.rpartition(".")[2] for route in self.routes for wrapper in route.wrappers}
        found |= {ancestor.rpartition(".")[2] for ancestor in self.ancestors}
        return not wanted.isdisjoint(found)

    @property
    def is_class(self) -> bool:
        return isinstance(self.ref, ClassRef)


def with_debug(body: list[Code]) -> Iterator[Code]:
    """The code of a file that runs only with `settings.DEBUG` on."""
    for code in walk(body):
        if code[0] == Op.IF and _asks_for_debug(code[2]):
            yield from walk(code[3])


def _asks_for_debug(test: Code) -> bool:
    if test[0] == Op.CHOICE and test[2] == "and":
        return any(map(_asks_for_debug, test[3]))
    return bool(test[0] == Op.ATTR and test[3] == "DEBUG" and test[2][0] == Op.NAME and test[2][2] == "settings")


class Views:
    """All views of a program: those a URLconf names, and classes and functions that look like one."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._views: dict[FunctionRef | ClassRef, View] = {}
        self._by_function: dict[FunctionRef, list[View]] = {}
        self._assigned: dict[str, dict[str, Code]] = {}
        self._includers: dict[str, set[tuple[str, bool]]] = {}
        """URLconf → the files that take it in, and whether they do only with `settings.DEBUG` on."""
        self.outside: list[tuple[str, Route]] = []
        """Routes to views of other packages, by their qualified names."""
        self._named: set[str] = set()
        """Last parts of all names and texts in URLconfs."""
        self.captured: set[str] = set()
        """The names under which routes take parts out of addresses."""
        self._collect()

    def __iter__(self) -> Iterator[View]:
        return iter(sorted(self._views.values(), key=lambda view: (view.path, view.span)))

    def of(self, function: FunctionRef | None) -> list[View]:
        """The views a function is a handler, or another method, of."""
        return self._by_function.get(function, []) if function is not None else []

    def _collect(self) -> None:
        routes: dict[FunctionRef | ClassRef, list[Route]] = {}
        for path in sorted(self.program.modules):
            module = self.program.modules[path]
            if "urlpatterns" in module.assigned or any(_ROUTING.search(name) for name in module.imports.values()):
                for ref, route in self._routes(path):
                    routes.setdefault(ref, []).append(route)
        for function in self.program.functions():
            if self.program.function(function).name == "get_urls":
                for ref, route in self._routes_in(list(self.program.pieces(function)), function.path, frozenset()):
                    routes.setdefault(ref, []).append(route)
        for ref in self.program.classes():
            ancestors = self._ancestors(ref)
            if ref in routes or self._is_view_class(ref, ancestors):
                self._add(self._class_view(ref, ancestors, routes.get(ref, [])))
        for function in self.program.functions():
            if function in routes or self._is_view_function(function):
                self._add(self._function_view(function, routes.get(function, [])))

    def _add(self, view: View) -> None:
        self._views[view.ref] = view
        if isinstance(view.ref, FunctionRef):
            self._by_function.setdefault(view.ref, []).append(view)
            return
        for item in self.program.mro(view.ref):
            if isinstance(item, ClassRef):
                for index in self.program.class_(item).methods.values():
                    self._by_function.setdefault(FunctionRef(item.path, index), []).append(view)

    # -- URLconf -------------------------------------------------------------------------------

    def _routes(self, path: str) -> Iterator[tuple[FunctionRef | ClassRef, Route]]:
        module = self.program.modules[path]
        body = msgspec.msgpack.decode(module.body)
        if "urlpatterns" in module.assigned:
            self._named |= {str(code[-1]).rpartition(".")[2] for code in walk(body) if code[0] in {Op.NAME, Op.ATTR, Op.CONST}}
        debug = frozenset(part[1] for part in with_debug(body) if part[0] == Op.CALL)
        yield from self._routes_in(walk(body), path, debug)

    def _routes_in(
        self, codes: Iterable[Code], path: str, debug: frozenset[int]
    ) -> Iterator[tuple[FunctionRef | ClassRef, Route]]:
        """The routes that stand in a URLconf, or in the `get_urls` of an admin or an application."""
        for code in codes:
            if code[0] != Op.CALL:
                continue
            function = code[2]
            tail = function[-1] if function[0] in {Op.NAME, Op.ATTR} else ""
            if tail == "include" and code[3]:
                self._included(code[3][0], path, debug=code[1] in debug)
            if tail not in _ROUTES or len(code[3]) < 2:
                continue
            pattern = code[3][0][2] if code[3][0][0] == Op.CONST else None
            if isinstance(pattern, str):
                self.captured.update(_CAPTURED.findall(pattern))
            if tail == "register" and not isinstance(pattern, str) and code[3][0][0] != Op.TEXT:
                continue  # the admin registers models, a signal its receivers
            name = next((value[2] for key, value in code[4] if key == "name" and value[0] == Op.CONST), None)
            ref, wrappers = self._target(code[3][1], path)
            route = Route(path, code[1], pattern if isinstance(pattern, str) else None, name, wrappers, code[1] in debug)
            if isinstance(ref, External):
                self.outside.append((ref.name, route))
            elif ref is not None:
                yield ref, route

    def _included(self, code: Code, path: str, *, debug: bool) -> None:
        """Note which URLconf a URLconf takes in: `include("shop.urls")`, `include(("shop.urls", "shop"))`, `include(urls)`."""
        if code[0] == Op.LIST and code[3]:
            code = code[3][0]
        named = code[0] == Op.CONST and isinstance(code[2], str)
        symbol = self.program.resolve_qualified(code[2], path) if named else self.program.resolve_code(code, path)
        if isinstance(symbol, ModuleRef):
            self._includers.setdefault(symbol.path, set()).add((path, debug))

    def is_with_debug(self, view: View) -> bool:
        """Tell whether URLconfs lead to a view only with `settings.DEBUG` on."""
        return bool(view.routes) and all(route.with_debug or self._is_taken_in_with_debug(route.path) for route in view.routes)

    def is_out_of_reach(self, view: View) -> bool:
        """Tell a function that no URLconf names, nor any other of its file: something else than an address leads to it."""
        if view.is_class or not self._named or view.name in self._named:
            return False
        return not any(other.routes for other in self._views.values() if other.path == view.path)

    def _is_taken_in_with_debug(self, path: str, depth: int = 0) -> bool:
        found = self._includers.get(path, ())
        return bool(found) and all(
            debug or (depth < _MAX_ALIASES and self._is_taken_in_with_debug(includer, depth + 1)) for includer, debug in found
        )

    def _target(self, code: Code, path: str, depth: int = 0) -> tuple[FunctionRef | ClassRef | External | None, tuple[str, ...]]:
        """The view an expression of a URLconf means, with what is wrapped around it, here or where it got its name."""
        wrappers: list[str] = []
        while code[0] == Op.CALL:
            function = code[2]
            if function[0] == Op.ATTR and function[3] in {"as_view", "as_asgi"}:
                code = function[2]
                break
            wrappers += [found.name for found in self._decorators(function, path, "url")]
            if not code[3]:
                break
            code = code[3][0]
        symbol = self.program.resolve_code(code, path)
        if isinstance(symbol, GlobalRef) and depth < _MAX_ALIASES:
            value = self._assignment(symbol.path, symbol.name)
            if value is not None and value[0] == Op.CALL:
                inner, around = self._target(value, symbol.path, depth + 1)
                return inner, (*wrappers, *around)
        return (symbol if isinstance(symbol, FunctionRef | ClassRef | External) else None), tuple(wrappers)

    # -- classes -------------------------------------------------------------------------------

    def _ancestors(self, ref: ClassRef) -> frozenset[str]:
        names = set(self.program.ancestors(ref))
        names |= {self.program.class_(item).name for item in self.program.mro(ref) if isinstance(item, ClassRef)}
        return frozenset(names)

    def _is_view_class(self, ref: ClassRef, ancestors: frozenset[str]) -> bool:
        outside = self.program.ancestors(ref)
        return (
            any(name.rpartition(".")[2].endswith(("View", "ViewSet", "ViewSetMixin")) for name in outside)
            and "Form" not in ancestors
        )

    def _class_view(self, ref: ClassRef, ancestors: frozenset[str], routes: list[Route]) -> View:
        cls = self.program.class_(ref)
        nearest: dict[str, FunctionRef] = {}
        for item in self.program.mro(ref):
            if isinstance(item, ClassRef):
                methods = self.program.class_(item).methods
                for name in methods.keys() & _HANDLERS.keys():
                    nearest.setdefault(name, FunctionRef(item.path, methods[name]))
        handlers = {answered: nearest[name] for name, answered in _HANDLERS.items() if name in nearest}
        is_api = any(
            name.startswith("rest_framework") or name.rpartition(".")[2].endswith(("APIView", "ViewSet")) for name in ancestors
        )
        return View(
            ref, cls.name, ref.path, cls.span, handlers, tuple(self._class_decorators(ref)), ancestors, routes, is_api=is_api
        )

    def _class_decorators(self, ref: ClassRef) -> Iterator[Decorator]:
        for item in self.program.mro(ref):
            if not isinstance(item, ClassRef):
                continue
            cls = self.program.class_(item)
            for code in cls.decorators:
                yield from self._decorators(code, item.path, "class")
            for name, index in cls.methods.items():
                for code in self.program.function(FunctionRef(item.path, index)).decorators:
                    yield from self._decorators(code, item.path, f"method:{name}")

    def _assignment(self, path: str, name: str) -> Code | None:
        """What a file assigns to a name at module level, the last time it does."""
        if path not in self._assigned:
            body = self.program.modules[path].body
            self._assigned[path] = {
                target[2]: code[3]
                for code in (msgspec.msgpack.decode(body) if body else [])
                if code[0] == Op.ASSIGN and code[3] is not None
                for target in code[2]
                if target[0] == Op.NAME
            }
        return self._assigned[path].get(name)

    def of_function(self, ref: FunctionRef) -> tuple[Decorator, ...]:
        """The decorators of a function, those of a later `view = decorator(view)` first."""
        function = self.program.function(ref)
        found = [item for code in function.decorators for item in self._decorators(code, ref.path, "function")]
        if function.owner < 0 and function.name in self.program.modules[ref.path].assigned:
            value = self._assignment(ref.path, function.name)
            if value is not None and value[0] == Op.CALL and self._target(value, ref.path)[0] == ref:
                found = [*self._decorators(value[2], ref.path, "alias"), *found]
        return tuple(found)

    def _decorators(self, code: Code, path: str, target: str, depth: int = 0) -> Iterator[Decorator]:
        """A decorator, and those that `method_decorator`, module-level aliases and the project's own decorators bring."""
        symbol = self.program.resolve_code(code, path)
        tail = last_name(code)
        if tail == "method_decorator" and code[0] == Op.CALL and code[3]:
            inner = code[3][0]
            name = next((value[2] for key, value in code[4] if key == "name" and value[0] == Op.CONST), None)
            where = f"method:{name}" if target == "class" and name else target
            for item in inner[3] if inner[0] == Op.LIST else [inner]:
                for found in self._decorators(item, path, where):
                    yield Decorator(found.name, path, code[1], where, found.code, direct=False)
            return
        if isinstance(symbol, GlobalRef) and depth < _MAX_ALIASES:
            value = self._assignment(symbol.path, symbol.name)
            if value is not None and value[0] in {Op.NAME, Op.ATTR, Op.CALL}:
                for found in self._decorators(value, symbol.path, target, depth + 1):
                    yield replace(found, path=path, span=code[1])
                return
        name = symbol.name if isinstance(symbol, External) else tail
        if isinstance(symbol, FunctionRef):
            function = self.program.function(symbol)
            name = function.name
            for used in function.names:
                inner = self.program.lookup(symbol.path, used)
                if isinstance(inner, External) and inner.name.startswith("django.") and ".decorators." in inner.name:
                    yield Decorator(inner.name, path, code[1], target, code, direct=False)
        yield Decorator(name, path, code[1], target, code)

    # -- functions -----------------------------------------------------------------------------

    def _is_view_function(self, ref: FunctionRef) -> bool:
        """A module-level function whose first parameter is called `request`, and that answers or is decorated.

        What its file is called says nothing.
        """
        function = self.program.function(ref)
        if function.owner >= 0 or function.nested or not function.parameters:
            return False
        first: Parameter = function.parameters[0]
        if first.name != "request":
            return False
        return bool(function.decorators) or any(name in _ANSWERS or name.endswith("Response") for name in function.names)

    def _function_view(self, ref: FunctionRef, routes: list[Route]) -> View:
        function = self.program.function(ref)
        decorators = self.of_function(ref)
        handlers = {"*": ref}
        api = False
        for item in decorators:
            tail = item.name.rpartition(".")[2]
            if tail in {"require_POST", "require_GET", "require_safe"}:
                handlers = {"post": ref} if tail == "require_POST" else {"get": ref}
            elif tail in {"require_http_methods", "api_view", "action"} and item.code[0] == Op.CALL:
                api = api or tail == "api_view"
                listed = (
                    item.code[3][0] if item.code[3] else next((value for key, value in item.code[4] if key == "methods"), None)
                )
                if listed is not None and listed[0] == Op.LIST:
                    handlers = {str(method[2]).lower(): ref for method in listed[3] if method[0] == Op.CONST}
        return View(ref, function.name, ref.path, function.span, handlers, decorators, frozenset(), routes, is_api=api)
