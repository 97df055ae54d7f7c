"""The scripts of a project: files that are served and scripts in pages, but no libraries."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from leaktight.model import Gap
from leaktight.policy import Recogniser
from leaktight.project.scripts.exits import Exit, exits_of
from leaktight.source.files import Kind, Role, Tree
from leaktight.source.roles import is_in_tests
from leaktight.source.script import TELLING, Script, script_of, scripts_in_page, why_left_out, why_not_by_name

_WORD = re.compile(rb"[\w-]{3,80}")
_ENDINGS = (".js", ".mjs", ".jsx", ".cjs")


def script_exits(tree: Tree, roles: Collection[Role], recogniser: Recogniser) -> tuple[Exit, ...]:
    """Give every place where a script of the project lets sensitive data go."""
    return tuple(
        exit_ for script in scripts(tree, roles) if _names_something(script, recogniser) for exit_ in exits_of(script, recogniser)
    )


def _names_something(script: Script, recogniser: Recogniser) -> bool:
    """Tell whether any word of a script names something sensitive; parsing it takes ten times as long as asking."""
    words = set(_WORD.findall(script.code)) | {
        word.encode() for _, field in script.fields for word in re.findall(r"[\w-]+", field)
    }
    return any(recogniser.recognise(word.decode("ascii", "replace")) is not None for word in words)


def scripts(tree: Tree, roles: Collection[Role]) -> Iterator[Script]:
    """Give the scripts that mention a way out, in order of their files."""
    known = set[bytes]()
    for file in tree.files:
        is_page = file.kind is Kind.TEMPLATE and file.path.endswith((".html", ".htm", ".djhtml", ".jinja", ".jinja2", ".j2"))
        is_script = file.path.endswith(_ENDINGS) and not file.path.endswith((".test.js", ".spec.js"))
        if not (is_page or is_script) or file.role not in {*roles, Role.STATIC}:
            continue
        if file.role is Role.STATIC and Role.TEST not in roles and is_in_tests(file.path):
            continue
        if is_script and why_not_by_name(file.path) is not None:
            continue  # libraries are most of the bytes
        data = tree.read(file.path)
        if isinstance(data, Gap) or TELLING.search(data) is None:
            continue  # what can't be read of a template is told where templates are read
        if is_page:
            yield from scripts_in_page(file.path, data)
        elif why_left_out(file.path, data) is None and data not in known:
            known.add(data)  # static files are often kept a second time, where they are collected
            yield script_of(file.path, data)
