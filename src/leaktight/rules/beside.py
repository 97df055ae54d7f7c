"""What is beside the site: scripts and packages that people run by hand, and who runs the site at all."""

from __future__ import annotations

import re

from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef, GlobalRef, ModuleRef
from leaktight.rules.judging import TOOL_FILES, TOOL_FOLDERS
from leaktight.rules.reach import module_statements
from leaktight.source.code import Code, Op
from leaktight.source.roles import is_in_tests

_ENTRY = re.compile(r"""["'=]\s*(?P<module>[A-Za-z_][\w.]*)\s*:\s*[A-Za-z_]\w*["']?\s*(?:[,\]#]|$)""")
_QUESTIONS = frozenset({"input", "getpass"})
_NAMING_ENTRIES = ("pyproject.toml", "setup.cfg", "setup.py")


def is_beside_site(project: Project, path: str) -> bool:
    """Tell a file of a tool: it lies among scripts, or in a distribution of its own, and the site does without it."""
    if path not in project.program.modules:
        return False
    folder = _folder_of_tool(project, path)
    site = _site_folders(project)
    if folder is None or not site:
        return False
    inside = path if folder == "" else folder + "/"
    importers = _importers(project)
    return not any(
        importer.startswith(tuple(site)) and not importer.startswith(inside) and _folder_of_tool(project, importer) is None
        for target, found in importers.items()
        if target.startswith(inside)
        for importer in found
    )


def is_entry_of_command(project: Project, path: str) -> bool:
    """Tell a file that an installed command begins in, so that what it prints is read by who typed the command."""
    return path in _entries(project)


def is_read_by_who_runs_it(project: Project, path: str, function: FunctionRef | None) -> bool:
    """Tell output of a program to the person who started it: it asks them something there, or nothing else imports its file.

    The second counts for a file that ends in `if __name__ == "__main__": …`.
    """
    if function is not None and any(_asks_the_operator(code) for code in project.program.pieces(function)):
        return True
    module = project.program.modules.get(path)
    if module is None or not module.body or _importers(project).get(path):
        return False
    return any(map(_is_of_main, module_statements(project.program, path)))


def _asks_the_operator(code: Code) -> bool:
    """`input("Name: ")` and `getpass("Password: ")`."""
    return bool(code[0] == Op.CALL and code[2][0] in {Op.NAME, Op.ATTR} and code[2][-1] in _QUESTIONS)


def _is_of_main(code: Code) -> bool:
    """`if __name__ == "__main__": …`."""
    return bool(
        code[0] == Op.IF
        and code[2][0] == Op.TEST
        and any(operand[0] == Op.NAME and operand[2] == "__name__" for operand in code[2][2])
    )


def is_for_others(project: Project) -> bool:
    """Tell a package that others install and run on servers of their own."""
    if project.lines("PKG-INFO") or project.lines("setup.py"):
        return True
    return any(line.strip() == "[build-system]" for line in project.lines("pyproject.toml") or ())


def _folder_of_tool(project: Project, path: str) -> str | None:
    """The folder whose files belong together as a tool; empty when the file is one by itself; None when it is none."""
    folders = path.split("/")[:-1]
    if "management" in folders:
        return None
    for depth, name in enumerate(folders, 1):
        folder = "/".join(folders[:depth])
        if name in TOOL_FOLDERS or (f"{folder}/setup.py" in project.program.modules and folder not in _apart(project)):
            return folder
    return "" if path.rpartition("/")[2] in TOOL_FILES else None


def _apart(project: Project) -> frozenset[str]:
    """Every folder above a view, a model or settings."""
    memo = project.program.memo
    known: frozenset[str] | None = memo.get("folders of the site")
    if known is None:
        known = memo["folders of the site"] = frozenset(_above(project))
    return known


def _above(project: Project) -> set[str]:
    paths = {view.path for view in project.views if view.routes}
    paths |= {settings.path for settings in project.settings}
    paths |= {cls.path for cls in project.classes if cls.kind == "model" and _is_djangos(project, cls.ref)}
    return {path[: place.start()] for path in paths for place in re.finditer("/", path)}


def _is_djangos(project: Project, ref: ClassRef) -> bool:
    return any(name.startswith("django.") for name in project.program.ancestors(ref))


def _site_folders(project: Project) -> frozenset[str]:
    """The topmost folders that hold a part of the site, with the slash."""
    return frozenset(folder + "/" for folder in _apart(project) if "/" not in folder)


def _importers(project: Project) -> dict[str, set[str]]:
    """The files that import something of a file."""
    program = project.program
    found: dict[str, set[str]] | None = program.memo.get("importers")
    if found is not None:
        return found
    found = program.memo["importers"] = {}
    topmost = {path.partition("/")[0] + "/" for path in program.modules if "/" in path}
    for path, module in program.modules.items():
        if is_in_tests(path):
            continue
        for qualified in {*module.imports.values(), *module.inner_imports.values(), *(f"{star}.*" for star in module.stars)}:
            target = program.resolve_qualified(qualified.removesuffix(".*"), path)
            if isinstance(target, ModuleRef | FunctionRef | ClassRef | GlobalRef) and target.path != path:
                package = f"{qualified.partition('.')[0]}/"
                # A package at the top is meant by its name, not one of the same name further down.
                if package not in topmost or target.path.startswith(package):
                    found.setdefault(target.path, set()).add(path)
    return found


def _entries(project: Project) -> set[str]:
    memo = project.program.memo
    known: set[str] | None = memo.get("entries of commands")
    if known is not None:
        return known
    found: set[str] = set()
    memo["entries of commands"] = found
    for name in _NAMING_ENTRIES:
        for line in project.lines(name) or ():
            if match := _ENTRY.search(line):
                module = project.program.find_module(match["module"], name)
                found |= {module} if module is not None else set()
    return found
