"""The templates of a project, joined: which one a name means, and what a page prints with all it includes."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from leaktight.model import Gap
from leaktight.project.template_outputs import PagePart as PagePart
from leaktight.project.template_outputs import PlacedOutput as PlacedOutput
from leaktight.project.template_outputs import Rendering
from leaktight.project.template_tags import TagLibrary
from leaktight.project.template_tokens import TokenSearch
from leaktight.source.files import Kind, Role, Tree
from leaktight.source.template import Attribute as Attribute
from leaktight.source.template import Element as Element
from leaktight.source.template import Form as Form
from leaktight.source.template import Output as Output
from leaktight.source.template import Part as Part
from leaktight.source.template import Place as Place
from leaktight.source.template import TemplateFile, read_template
from leaktight.source.template import Token as Token

if TYPE_CHECKING:
    import ast

_MAIL_FOLDER = re.compile(r"(?:^|/)(?:\w+[_-])?e?-?mails?/", re.IGNORECASE)
_MAIL_FILE = re.compile(
    r"(?:^|/)(?:[^/]*[_-]e?mail(?:[_-](?:body|subject|message|text|html|content|[a-z]{2}))*|e?mail[_-][^/]*)\.[^/]*\Z",
    re.IGNORECASE,
)
_MAIL_ENDINGS = (".txt", ".eml", ".mjml", ".subject", ".mail")


def read_template_files(tree: Tree, roles: Collection[Role]) -> list[TemplateFile | Gap]:
    """Read the application's templates, and those with one of the roles, in order of their paths."""
    read: list[TemplateFile | Gap] = []
    for file in tree.of(Kind.TEMPLATE, *{Role.APP, *roles}):
        data = tree.read(file.path)
        read.append(data if isinstance(data, Gap) else read_template(data.decode("utf-8-sig", "replace"), file.path))
    return read


def read_templates(
    tree: Tree, *, roles: Collection[Role] = (Role.APP,), read: Iterable[TemplateFile | Gap] | None = None
) -> tuple[Templates, list[Gap]]:
    """Join all templates and template tags of a tree; those with one of the roles are judged.

    `read` are the template files when they were read already.
    """
    files: list[TemplateFile] = []
    gaps: list[Gap] = []
    judged = {file.path for file in tree.of(Kind.TEMPLATE, *roles)}
    for item in read_template_files(tree, roles) if read is None else read:
        if isinstance(item, TemplateFile):
            files.append(item)
        if item.path in judged:
            gaps += [item] if isinstance(item, Gap) else item.gaps
    modules: dict[str, ast.Module] = {}
    for file in tree.of(Kind.PYTHON):
        if "/templatetags/" in f"/{file.path}" and not isinstance(parsed := tree.parse(file.path), Gap):
            modules[file.path] = parsed.tree
    return Templates(files, tags=TagLibrary.read(modules), judged=frozenset(judged)), sorted(gaps)


class Templates:
    """All templates of a project."""

    def __init__(
        self, files: Iterable[TemplateFile], *, tags: TagLibrary | None = None, judged: frozenset[str] | None = None
    ) -> None:
        """`judged` are the paths of the templates that are the project's own; None means all."""
        self.tags = tags or TagLibrary()
        self._judged = judged
        self._all = tuple(Template(file, self) for file in sorted(files, key=lambda file: file.path))
        self._by_path = {template.path: template for template in self._all}
        self._by_suffix: dict[str, list[Template]] = {}
        for template in self._all:
            self._by_suffix.setdefault(posixpath.basename(template.path), []).append(template)
        self._named: dict[tuple[str, str | None], tuple[Template, ...]] = {}
        self._children: dict[str, list[Template]] = {}
        for template in self._all:
            if template.file.extends is not None:
                for parent in self.all_by_name(template.file.extends, origin=template):
                    self._children.setdefault(parent.path, []).append(template)
        self.tokens = TokenSearch(self)
        self.rendering = Rendering(self)

    def __iter__(self) -> Iterator[Template]:
        """Yield the templates to judge, in order of their paths."""
        return (template for template in self._all if self._judged is None or template.path in self._judged)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Pages with too many includes to follow; known after their outputs were asked for."""
        return tuple(sorted(self.rendering.gaps))

    def at(self, path: str) -> Template | None:
        """Return the template of a file."""
        return self._by_path.get(path)

    def by_name(self, name: str, *, origin: Template | None = None) -> Template | None:
        """Return the template Django would most likely load by this name."""
        return next(iter(self.all_by_name(name, origin=origin)), None)

    def all_by_name(self, name: str, *, origin: Template | None = None) -> tuple[Template, ...]:
        """Return every template a name may mean: exact names first, then folders given in `DIRS`.

        A template that extends its own name means the next one, not itself.
        """
        key = (name, None if origin is None else origin.path)
        if key not in self._named:
            self._named[key] = tuple(self._all_by_name(name, origin))
        return self._named[key]

    def _all_by_name(self, name: str, origin: Template | None) -> list[Template]:
        if name.startswith(("./", "../")) and origin is not None:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(origin.name), name))
        found = [
            template
            for template in self._by_suffix.get(posixpath.basename(name), ())
            if template is not origin and (template.name == name or template.path.endswith("/" + name))
        ]
        near = posixpath.dirname(origin.path) if origin else ""
        return sorted(
            found,
            key=lambda template: (template.name != name, -len(posixpath.commonprefix([near, template.path])), template.path),
        )

    def children(self, template: Template) -> tuple[Template, ...]:
        """Return the templates that extend this one."""
        return tuple(self._children.get(template.path, ()))


class Template:
    """One template of a project, with what it brings in from others."""

    __slots__ = ("_project", "file")

    def __init__(self, file: TemplateFile, project: Templates) -> None:
        self.file = file
        self._project = project

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def elements(self) -> tuple[Element, ...]:
        return self.file.elements

    @property
    def outputs(self) -> tuple[Output, ...]:
        return self.file.outputs

    @property
    def is_mail(self) -> bool:
        """Whether the template is, by its name, the text of a mail and not a page."""
        if _MAIL_FOLDER.search(self.name) or self.name.endswith(_MAIL_ENDINGS):
            return True
        # A page to change a mail address may be called like a mail; only the page has a form.
        return _MAIL_FILE.search(self.name) is not None and not any(element.tag == "form" for element in self.elements)

    def outputs_in(self, attribute: Attribute) -> list[Output]:
        """Return what is printed into an attribute."""
        outputs = self.file.outputs
        first = bisect_left(outputs, attribute.start, key=_start)
        return list(outputs[first : bisect_left(outputs, attribute.end, first, key=_start)])

    def parent(self) -> Template | None:
        """Return the template this one extends."""
        return self._project.by_name(self.file.extends, origin=self) if self.file.extends else None

    def csrf_token(self, form: Form) -> Token:
        """Tell whether a form carries a token, also one brought by an include, a block or a project's tag."""
        return self._project.tokens.of_form(self, form)

    def all_outputs(self) -> Iterator[PlacedOutput]:
        """Yield what a page made of this template prints, base templates and includes too."""
        for part in self.parts():
            yield from part.outputs()

    def parts(self) -> Iterator[PagePart]:
        """Yield the templates a page made of this one consists of: itself, its bases, what they include."""
        return self._project.rendering.parts(self)


def _start(output: Output) -> int:
    return output.start
