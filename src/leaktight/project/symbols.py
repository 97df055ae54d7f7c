"""Names across files: which file a dotted name means, what it defines, and how classes inherit."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import commonprefix
from typing import Any, NamedTuple

import msgspec

from leaktight.source.code import Class, Code, Function, Module, Op, unpack_span, walk

_DEEPEST = 12
"""Imports followed from file to file for one name."""
_PIECES_KEPT = 200
"""Functions whose unpacked bodies are kept: most are asked for once, or several times in a row."""
_decode = msgspec.msgpack.Decoder().decode


class FunctionRef(NamedTuple):
    """A function of the project, by file and index."""

    path: str
    index: int  # type: ignore[assignment]  # the tuple method of this name is of no use here


class ClassRef(NamedTuple):
    """A class of the project, by file and index."""

    path: str
    index: int  # type: ignore[assignment]  # as above
    kind: str = "class"


class ModuleRef(NamedTuple):
    """A file of the project, used as a name."""

    path: str


class GlobalRef(NamedTuple):
    """A name bound at module level by an assignment."""

    path: str
    name: str
    kind: str = "global"


class External(NamedTuple):
    """A qualified name from outside the project."""

    name: str


Symbol = FunctionRef | ClassRef | ModuleRef | GlobalRef | External


@dataclass(slots=True)
class Program:
    """All lowered files, joined by name."""

    modules: Mapping[str, Module]
    _by_dotted: dict[str, list[str]]
    _mro: dict[ClassRef, tuple[ClassRef | External, ...]]
    _subclasses: dict[ClassRef, list[ClassRef]] | None
    _named: dict[str, ClassRef] | None
    _lookups: dict[tuple[str, str], Symbol | None]
    _assigned: dict[ClassRef, dict[str, Code]]
    _pieces: dict[FunctionRef, tuple[Code, ...]]
    memo: dict[Hashable, Any]
    """What rules worked out about functions, for the other rules that ask the same."""

    @classmethod
    def of(cls, modules: Mapping[str, Module]) -> Program:
        """Index the files by every dotted name they could be imported as."""
        by_dotted: dict[str, list[str]] = {}
        for path in sorted(modules):
            parts = path.removesuffix(".py").split("/")
            if parts[-1] == "__init__":
                parts.pop()
            for start in range(len(parts)):
                by_dotted.setdefault(".".join(parts[start:]), []).append(path)
        return cls(
            modules=modules,
            _by_dotted=by_dotted,
            _mro={},
            _subclasses=None,
            _named=None,
            _lookups={},
            _assigned={},
            _pieces={},
            memo={},
        )

    # -- files ---------------------------------------------------------------------------------

    def find_module(self, dotted: str, importer: str) -> str | None:
        """The file an absolute or relative dotted name means for the file that imports it."""
        if dotted.startswith("."):
            level = len(dotted) - len(dotted.lstrip("."))
            folder = importer.split("/")[:-1]
            if level > 1:
                folder = folder[: 1 - level] if level - 1 <= len(folder) else []
            base = "/".join([*folder, *filter(None, dotted.lstrip(".").split("."))])
            for candidate in (f"{base}.py", f"{base}/__init__.py" if base else "__init__.py"):
                if candidate in self.modules:
                    return candidate
            return None
        found = self._by_dotted.get(dotted)
        if not found:
            return None
        best = found[0]
        if len(found) > 1:
            best = max(found, key=lambda path: (len(commonprefix((path, importer))), -path.count("/"), path))
        # A bare name such as `requests` is a file of the project only where Python would find it.
        if "." not in dotted and best.count("/") > 1 and best.split("/")[:-1] != importer.split("/")[:-1]:
            package = best.rsplit("/", 1)[0] if not best.endswith("__init__.py") else best.rsplit("/", 2)[0]
            if f"{package}/__init__.py" in self.modules:
                return None
        return best if best != importer or len(found) == 1 else next(path for path in found if path != importer)

    def resolve_qualified(self, qualified: str, importer: str, depth: int = 0) -> Symbol:
        """What an imported qualified name is: the longest prefix that is a file, then names inside it."""
        module = self.find_module(qualified, importer)
        if module is not None and module != importer:
            return ModuleRef(module)
        dots = len(qualified) - len(qualified.lstrip("."))
        head, _, tail = qualified.rpartition(".")
        if dots and len(head) < dots:
            head = "." * dots
        names = [tail]
        while head:
            module = self.find_module(head, importer)
            if module is not None:
                symbol: Symbol | None = ModuleRef(module)
                for name in names:
                    symbol = self.member(symbol, name, depth + 1) if symbol is not None else None
                if symbol is not None:
                    return symbol
                break
            if not head.strip("."):
                break
            head, _, tail = head.rpartition(".")
            names.insert(0, tail)
        return External(qualified.lstrip("."))

    def member(self, symbol: Symbol, name: str, depth: int = 0) -> Symbol | None:
        """What `symbol.name` is, when that is decided by definitions alone."""
        match symbol:
            case ModuleRef(path):
                return self.lookup(path, name, depth) or self._submodule(path, name)
            case External(qualified):
                return External(f"{qualified}.{name}")
            case ClassRef(path, index):
                cls = self.modules[path].classes[index]
                if name in cls.inner:
                    return ClassRef(path, cls.inner[name])
                found = self.method(symbol, name)
                return found if isinstance(found, FunctionRef) else None
            case _:
                return None

    def _submodule(self, path: str, name: str) -> Symbol | None:
        if not path.endswith("__init__.py"):
            return None
        folder = path.removesuffix("__init__.py")
        for candidate in (f"{folder}{name}.py", f"{folder}{name}/__init__.py"):
            if candidate in self.modules:
                return ModuleRef(candidate)
        return None

    def lookup(self, path: str, name: str, depth: int = 0) -> Symbol | None:
        """What a name means at module level of a file; None when the file does not bind it."""
        key = (path, name)
        if key not in self._lookups:
            found = self._look_up(path, name, depth)
            if depth > _DEEPEST // 2:
                return found  # the way here may have been too long to see all
            self._lookups[key] = found
        return self._lookups[key]

    def _look_up(self, path: str, name: str, depth: int) -> Symbol | None:
        module = self.modules[path]
        if name in module.declared:
            return ClassRef(path, module.declared[name])
        if name in module.defined:
            return FunctionRef(path, module.defined[name])
        if name in module.assigned:
            return GlobalRef(path, name)
        if depth > _DEEPEST:
            return None
        if name in module.imports:
            return self.resolve_qualified(module.imports[name], path, depth + 1)
        for star in reversed(module.stars):
            target = self.find_module(star, path)
            if target is not None and target != path:
                found = self.lookup(target, name, depth + 1)
                if found is not None:
                    return found
        if name in module.inner_imports:
            # Nothing at module level has the name: a class or a decorator inside a function means what was imported there.
            return self.resolve_qualified(module.inner_imports[name], path, depth + 1)
        return None

    def outside_stars(self, path: str) -> tuple[str, ...]:
        """The packages from outside a file imports everything from."""
        stars = self.modules[path].stars
        return tuple(star for star in stars if not star.startswith(".") and self.find_module(star, path) is None)

    # -- definitions ---------------------------------------------------------------------------

    def function(self, ref: FunctionRef) -> Function:
        return self.modules[ref.path].functions[ref.index]

    def class_(self, ref: ClassRef) -> Class:
        return self.modules[ref.path].classes[ref.index]

    def classes(self) -> Iterator[ClassRef]:
        """Every class of the project, in the order of files."""
        for path in sorted(self.modules):
            for index in range(len(self.modules[path].classes)):
                yield ClassRef(path, index)

    def class_named(self, name: str) -> ClassRef | None:
        """The first class of the project with a name, wherever it is."""
        if self._named is None:
            self._named = {}
            for ref in self.classes():
                self._named.setdefault(self.class_(ref).name, ref)
        return self._named.get(name)

    def pieces(self, ref: FunctionRef) -> tuple[Code, ...]:
        """Every statement and expression of a function's body, each before what is inside it."""
        known = self._pieces.get(ref)
        if known is None:
            if len(self._pieces) >= _PIECES_KEPT:
                self._pieces.clear()
            body = self.function(ref).body
            known = self._pieces[ref] = tuple(walk(_decode(body))) if body else ()
        return known

    def functions(self) -> Iterator[FunctionRef]:
        """Every function of the project, in the order of files."""
        for path in sorted(self.modules):
            for index in range(len(self.modules[path].functions)):
                yield FunctionRef(path, index)

    def resolve_code(self, code: Code, path: str) -> Symbol | None:
        """What a plain dotted expression (`forms.LoginForm`) means at module level of a file."""
        match code[0]:
            case Op.NAME:
                return self.lookup(path, code[2])
            case Op.ATTR:
                base = self.resolve_code(code[2], path)
                return None if base is None else self.member(base, code[3])
            case Op.ITEM:
                return self.resolve_code(code[2], path)
            case Op.CALL:
                return self.resolve_code(code[2], path)
            case _:
                return None

    def named_anew(self, symbol: Symbol | None, depth: int = 0) -> Symbol | None:
        """What a name at module level is another name of: `User = accounts.User`."""
        if not isinstance(symbol, GlobalRef) or depth > _DEEPEST:
            return symbol
        value = self.assigned(symbol)
        if value is None or value[0] not in {Op.NAME, Op.ATTR}:
            return symbol
        meant = self.resolve_code(value, symbol.path)
        return symbol if meant is None or meant == symbol else self.named_anew(meant, depth + 1)

    def assigned(self, name: GlobalRef) -> Code | None:
        """What a name at module level is bound to; None when it is bound more than once."""
        body = self.modules[name.path].body
        values = [
            code[3]
            for code in (_decode(body) if body else ())
            if code[0] == Op.ASSIGN and any(target[0] == Op.NAME and target[2] == name.name for target in code[2])
        ]
        return values[0] if len(values) == 1 else None

    def mro(self, ref: ClassRef) -> tuple[ClassRef | External, ...]:
        """The class and all it inherits from, nearest first; classes from outside by name."""
        known = self._mro.get(ref)
        if known is not None:
            return known
        self._mro[ref] = (ref,)
        result: dict[ClassRef | External, None] = {ref: None}
        tails: list[tuple[ClassRef | External, ...]] = []
        local = self._local_names(ref) if "<locals>" in self.class_(ref).qualified else {}
        for base in self.class_(ref).bases:
            symbol = self._resolve_locally(base, ref.path, local) if local else self.resolve_code(base, ref.path)
            if isinstance(symbol, ClassRef) and symbol != ref:
                tails.append(self.mro(symbol))
            elif isinstance(symbol, External):
                tails.append((symbol,))
        # A base shared by several branches comes after all of them, as in Python's own order.
        for position, tail in enumerate(tails):
            for item in tail:
                if not any(item in later for later in tails[position + 1 :]):
                    result[item] = None
        self._mro[ref] = tuple(result)
        return self._mro[ref]

    def _resolve_locally(self, code: Code, path: str, local: Mapping[str, Symbol]) -> Symbol | None:
        """What a plain dotted expression means inside a function, where imports and classes of its own come first."""
        if code[0] == Op.NAME and code[2] in local:
            return local[code[2]]
        if code[0] == Op.ATTR:
            base = self._resolve_locally(code[2], path, local)
            return None if base is None else self.member(base, code[3])
        return self.resolve_code(code, path)

    def _local_names(self, ref: ClassRef) -> dict[str, Symbol]:
        """What the functions around a class import and define, by name; the innermost counts."""
        module, place = self.modules[ref.path], unpack_span(self.class_(ref).span)
        found: dict[str, Symbol] = {}
        spans = ((unpack_span(function.span), index) for index, function in enumerate(module.functions))
        for _, index in sorted(item for item in spans if item[0][:2] <= place[:2] and place[2:] <= item[0][2:]):
            for code in self.pieces(FunctionRef(ref.path, index)):
                if code[0] == Op.IMPORT:
                    found |= {name: self.resolve_qualified(qualified, ref.path) for name, qualified in code[2]}
                elif code[0] == Op.CLASS and code[3] != ref.index:
                    found[code[2]] = ClassRef(ref.path, code[3])
        return found

    def ancestors(self, ref: ClassRef) -> frozenset[str]:
        """Qualified names of the classes from outside that a class inherits from."""
        return frozenset(item.name for item in self.mro(ref) if isinstance(item, External))

    def method(self, ref: ClassRef, name: str) -> FunctionRef | External | None:
        """The method a class has under a name: the project's own, or one of a class from outside."""
        outside: External | None = None
        for item in self.mro(ref):
            if isinstance(item, External):
                outside = outside or item
            else:
                index = self.class_(item).methods.get(name)
                if index is not None:
                    return FunctionRef(item.path, index)
        return None if outside is None else External(f"{outside.name}.{name}")

    def class_value(self, ref: ClassRef, name: str) -> tuple[str, Code, Code | None] | None:
        """The class-level assignment of a name: file, value, annotation; nearest class first."""
        for item in self.mro(ref):
            if isinstance(item, ClassRef):
                code = self._assignments(item).get(name)
                if code is not None:
                    return None if code[3] is None else (item.path, code[3], code[4])
        return None

    def _assignments(self, ref: ClassRef) -> dict[str, Code]:
        """The class-level assignments of a class itself, by name; the last of a name counts."""
        known = self._assigned.get(ref)
        if known is None:
            known = self._assigned[ref] = {
                target[2]: code
                for code in self.class_(ref).body
                if code[0] == Op.ASSIGN
                for target in code[2]
                if target[0] == Op.NAME
            }
        return known

    def inner(self, ref: ClassRef, name: str) -> ClassRef | None:
        """The inner class (`Meta`) of a class or of the nearest ancestor that has one."""
        for item in self.mro(ref):
            if isinstance(item, ClassRef):
                index = self.class_(item).inner.get(name)
                if index is not None:
                    return ClassRef(item.path, index)
        return None

    def subclasses(self, ref: ClassRef) -> list[ClassRef]:
        """Classes that inherit from a class, at any distance, in the order of files."""
        if self._subclasses is None:
            self._subclasses = {}
            for cls in self.classes():
                for base in self.mro(cls)[1:]:
                    if isinstance(base, ClassRef):
                        self._subclasses.setdefault(base, []).append(cls)
        return self._subclasses.get(ref, [])
