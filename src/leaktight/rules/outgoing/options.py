"""What speaks for a call that gives up a protection: an option that asks for it, or a check made by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.flow.machine import Function, Machine
from leaktight.flow.value import MISSING, Value
from leaktight.project.symbols import ClassRef
from leaktight.rules.reach import statements
from leaktight.source.code import Code, Op, walk

_OPTION = re.compile(
    r"verif|validat|insecure|unsafe|trust|self_?signed|check_?(host|cert|ssl|tls)|ignore|skip|strict|disable|allow_?invalid|no_?(ssl|tls|cert)",
    re.IGNORECASE,
)
"""In the name of an option that decides whether the other side is checked."""
_BY_HAND = frozenset({"getpeercert", "get_peer_certificate", "get_peer_cert_chain", "fingerprint"})


def is_asked_for(call: Call) -> bool:
    """Tell whether the call is made only when an option says so: `if not self.verify_tls: …`."""
    if call.function is None or call.path != call.function.path:
        return False
    body = statements(call.project.program, call.function)
    return any(_names(test) for test in _conditions(body, call.packed))


_SAYS_SO = re.compile(r"no_?verif|without_?verif|skip_?verif|insecure|unverified|un_?trusted|unsafe", re.IGNORECASE)
"""In the name of a class that is there for those who want no check."""


def is_named_for_it(call: Call) -> bool:
    """Tell a class whose name says that it checks nothing, and that no other code and no setting of the site names."""
    if call.function is None:
        return False
    program = call.project.program
    owner = program.function(call.function).owner
    if owner < 0:
        return False
    name = program.class_(ClassRef(call.function.path, owner)).name
    return _SAYS_SO.search(name) is not None and not (_is_imported(call, name) or _is_set(call, name))


def _is_imported(call: Call, name: str) -> bool:
    modules = call.project.program.modules.values()
    return any(
        qualified.rpartition(".")[2] == name
        for module in modules
        for qualified in (*module.imports.values(), *module.inner_imports.values())
    )


def _is_set(call: Call, name: str) -> bool:
    values = (settings.get(key).value for settings in call.project.settings for key in settings.names())
    return any(isinstance(value, str) and value.endswith("." + name) for value in values)


def is_checked_by_hand(call: Call) -> bool:
    """Tell whether the function looks at the certificate of the other side itself."""
    if call.function is None:
        return False
    body = statements(call.project.program, call.function)
    return any(code[0] == Op.ATTR and code[3] in _BY_HAND for code in walk(body))


def _conditions(body: list[Code], span: int) -> Iterator[Code]:
    """The tests of the `if` statements around a place."""
    for code in walk(body):
        if code[0] == Op.IF and any(part[1] == span for part in walk(code[3:])):
            yield code[2]


def _names(test: Code) -> bool:
    words = [str(code[-1]) for code in walk(test) if code[0] in {Op.NAME, Op.ATTR}]
    words += [code[2] for code in walk(test) if code[0] == Op.CONST and isinstance(code[2], str)]
    return any(_OPTION.search(word) for word in words)


def answer(machine: Machine, callback: Value) -> object:
    """The constant a function of the project answers with, whatever it is asked; MISSING when it depends."""
    summary = machine.summary(callback.ref.ref) if isinstance(callback.ref, Function) else None
    return MISSING if summary is None else summary.returns.const
