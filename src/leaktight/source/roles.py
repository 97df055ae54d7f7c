"""What a file is (Python, template, other) and what it is for (application, test, migration, vendored code)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a file is, by its name."""

    PYTHON = "python"
    TEMPLATE = "template"
    OTHER = "other"


class Role(StrEnum):
    """What a file is for, by where it lies below the scanned root."""

    APP = "app"
    TEST = "test"
    MIGRATION = "migration"
    VENDORED = "vendored"
    EXAMPLE = "example"
    """Documentation, examples and samples, and what is put aside."""
    GENERATED = "generated"
    STATIC = "static"
    """Served as it lies there; no template, whatever its name ends in."""


_MARKUP = (".html", ".htm", ".djhtml", ".xhtml", ".jinja", ".jinja2")
_IN_TEMPLATES = (".txt", ".xml", ".j2", ".mjml", ".mail", ".eml", ".md", ".subject", ".tpl", ".svg", ".rst")
_TEMPLATE_FOLDER = re.compile(r"(?:^|/)(?:templates|jinja2|jinja)/")

_TESTS = frozenset(
    {
        "test", "tests", "testing", "unit_tests", "unittests", "integration_tests", "functional_tests", "e2e", "e2e_tests",
        "testapp", "testapps", "test_app", "testproject", "test_project", "test_utils", "test_helpers", "test_data",
        "testdata", "test_settings", "testsuite", "testutils", "__tests__", "cypress", "playwright",
    }
)  # fmt: skip
_TEST_FILE = re.compile(r"(?:tests?|test_.*|.*_tests?|.*_test_?data|conftest|factor(?:y|ies)|.*_factor(?:y|ies))\.py")
_MOCK = re.compile(r"(?:^|[_-])mocks?(?:$|[_-])")
_VENDORED = frozenset(
    {"vendor", "vendors", "vendored", "_vendor", "_vendored", "third_party", "thirdparty", "third-party", "3rdparty", "_extern"}
)
_VENDORED_AS = re.compile(r"_?vendor(?:s|ed)?[-_](?:local|libs?|packages?|src|py|python)")
_STATIC = frozenset({"static", "staticfiles", "static_src", "assets", "media", "public"})
_EXAMPLES = frozenset({"docs", "doc", "documentation", "example", "examples", "samples", "sample", "tutorial", "tutorials"})
_ASIDE = frozenset({"unused", "obsolete", "deprecated", "attic"})
"""Folders of what is kept and not in use."""
_HIDDEN = re.compile(r"(?:^|/)\.")
_NUMBERED = re.compile(r"\d{4}_\w+\.py")
_GENERATED = re.compile(r".*_pb2(?:_grpc)?\.py|parsetab\.py|_version\.py|.*\.min\.\w+")
_APPLICATION = frozenset({"apps.py", "models.py", "views.py", "urls.py", "migrations"})


def kind_of(path: str) -> Kind:
    """Tell Python and templates from the rest."""
    name = path.lower()
    if name.endswith(".py"):
        return Kind.PYTHON
    if name.endswith(_MARKUP) or (name.endswith(_IN_TEMPLATES) and _TEMPLATE_FOLDER.search(path)):
        return Kind.TEMPLATE
    return Kind.OTHER


def is_in_tests(path: str) -> bool:
    """Tell by its path alone a file of a project that belongs to its tests; a file scanned by itself never does."""
    *folders, name = path.lower().split("/")
    return bool(folders) and (any(map(_is_of_tests, folders)) or _TEST_FILE.fullmatch(name) is not None)


def _is_of_tests(folder: str) -> bool:
    """By its name; with a hyphen it is no package, so no application about tests. A mock stands in for what the site talks to."""
    return folder in _TESTS or folder.endswith("-tests") or _MOCK.search(folder) is not None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A folder on the way down from the root, with what the folders above it say about its files."""

    path: str
    """From the scanned root; the root itself is the empty string."""
    above: tuple[Role, ...]
    """Roles given by folders from the root down to here."""
    names: frozenset[str] = frozenset()
    """What lies in this folder."""
    in_templates: bool = False

    def enter(self, name: str) -> Surroundings:
        """Go one folder down. What the name means is judged once its content is known."""
        path = f"{self.path}/{name}" if self.path else name
        return Surroundings(path, self.above, in_templates=self.in_templates or name in {"templates", "jinja2"})

    def with_names(self, names: frozenset[str]) -> Surroundings:
        """Take note of what lies here, and judge by name and content what the folder is for."""
        role = None if not self.path or self.in_templates else _folder_role(self.path.rpartition("/")[2], names)
        above = self.above if role is None else (*self.above, role)
        name = self.path.rpartition("/")[2].lower()
        if self.in_templates and (_is_of_tests(name) or name in _ASIDE):
            above = (*above, Role.TEST if _is_of_tests(name) else Role.EXAMPLE)
        return Surroundings(self.path, above, names, self.in_templates)

    def role_of(self, name: str) -> Role:
        """Judge one file of this folder."""
        if Role.VENDORED in self.above:
            return Role.VENDORED
        if Role.STATIC in self.above and not name.endswith(".py"):
            return Role.STATIC
        if _GENERATED.fullmatch(name):
            return Role.GENERATED
        if Role.TEST in self.above or _TEST_FILE.fullmatch(name):
            return Role.TEST
        if Role.MIGRATION in self.above:
            return Role.MIGRATION
        if name.endswith(".py") and _HIDDEN.search(self.path):
            return Role.EXAMPLE  # no package is imported from there: tools of those who work on the project
        folders = [role for role in self.above if role is not Role.STATIC]  # no folder makes code static
        return folders[-1] if folders else Role.APP


def _folder_role(name: str, names: frozenset[str]) -> Role | None:
    """Judge a folder. A shop's `vendors` or a quiz's `tests` may be an application: its content tells."""
    name = name.lower()
    if _is_of_tests(name) and not _is_quiz(names):
        return Role.TEST
    if (_is_vendored(name) and not _APPLICATION & names) or any(entry.endswith(".dist-info") for entry in names):
        return Role.VENDORED
    if name in _STATIC and not any(entry.endswith(".py") for entry in names):
        return Role.STATIC
    if name in _EXAMPLES | _ASIDE and not _APPLICATION & names:
        return Role.EXAMPLE
    if name.endswith("migrations") and any(map(_NUMBERED.fullmatch, names)):
        return Role.MIGRATION
    return None


def _is_vendored(name: str) -> bool:
    return name in _VENDORED or _VENDORED_AS.fullmatch(name) is not None


def _is_quiz(names: frozenset[str]) -> bool:
    """Tell an application about tests from a test suite, which may hold models and views of its own."""
    return {"apps.py", "views.py", "migrations"} <= names and not any(
        name == "settings.py" or (_TEST_FILE.fullmatch(name) and name != "tests.py") for name in names
    )
