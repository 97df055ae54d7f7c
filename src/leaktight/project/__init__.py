"""The Django project read as text: settings, URLconf, views, models, forms, serializers, templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from leaktight.config import Deployment, UserLabel
from leaktight.model import Span
from leaktight.policy import Recogniser, default_recogniser
from leaktight.project.classes import Field, FieldClass, FieldClasses
from leaktight.project.dependencies import Dependency
from leaktight.project.symbols import ClassRef, FunctionRef, Program
from leaktight.project.views import Views
from leaktight.source.code import located

if TYPE_CHECKING:
    from leaktight.project.deployment import DeploymentFile, Server
    from leaktight.project.scripts import Exit
    from leaktight.project.settings import Settings, SettingValue
    from leaktight.project.templates import Templates


class Project:
    """What is known about the scanned code before data is followed through it."""

    def __init__(
        self,
        program: Program,
        *,
        settings: tuple[Settings, ...] = (),
        loose_settings: tuple[Settings, ...] = (),
        templates: Callable[[], Templates] | None = None,
        texts: Callable[[str], list[str] | None] = lambda _: None,
        deployment: Deployment = Deployment(),  # noqa: B008  frozen
        labels: Mapping[str, UserLabel] = MappingProxyType({}),
        dependencies: Callable[[], tuple[Dependency, ...]] = tuple,
        deployment_files: Callable[[], tuple[DeploymentFile, ...]] = tuple,
        script_exits: Callable[[Recogniser], tuple[Exit, ...]] = lambda _: (),
        forms_taken_over: Callable[[], frozenset[str]] = frozenset,
        spoken: Callable[[frozenset[str], bool], frozenset[str]] = lambda _texts, _in_templates: frozenset(),
    ) -> None:
        self.program = program
        self.settings = settings
        """One for each site of the repository: the module production loads."""
        self.loose_settings = loose_settings
        """Lines of settings that belong to no site, where none was found: what they say is for auditors."""
        self.deployment = deployment
        """What the user told about the servers in front; no file of the project says it."""
        self._templates = templates
        self._labels = labels
        self._dependencies = dependencies
        self._deployment_files = deployment_files
        self._script_exits = script_exits
        self._forms_taken_over = forms_taken_over
        self._texts = texts
        self._spoken = spoken

    def span(self, path: str, packed: int) -> Span:
        """A packed span of a file as users see it."""
        module = self.program.modules.get(path)
        return located(path, packed, self._texts(path) if module is not None and module.wide else None)

    def spoken(self, texts: frozenset[str], *, in_templates: bool = True) -> frozenset[str]:
        """Which of these texts stand in some file of the site, whatever kind of file, or in one that is no template."""
        return self._spoken(texts, in_templates)

    def lines(self, path: str) -> list[str] | None:
        """The lines of a file; None when it cannot be read."""
        return self._texts(path)

    def symbol(self, path: str, function: FunctionRef | None) -> str:
        """The dotted name of a function, or of the file for what stands at module level."""
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return module if function is None else f"{module}.{self.program.function(function).qualified}"

    @cached_property
    def dependencies(self) -> tuple[Dependency, ...]:
        """The packages the project asks for."""
        return self._dependencies()

    @cached_property
    def deployment_files(self) -> tuple[DeploymentFile, ...]:
        """The files that say how the site is run."""
        return self._deployment_files()

    @cached_property
    def script_exits(self) -> tuple[Exit, ...]:
        """Where scripts of the browser let sensitive data go."""
        return self._script_exits(self.recogniser)

    @cached_property
    def forms_taken_over(self) -> frozenset[str]:
        """The ids of the forms that a script keeps the browser from sending."""
        return self._forms_taken_over()

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """The servers in front of the site, of files for a public site."""
        from leaktight.project.deployment import servers

        return servers(self.deployment_files)

    @cached_property
    def classes(self) -> FieldClasses:
        """Models, forms, serializers and schemas."""
        declared = {field.partition(".")[2]: label for label, user in self._labels.items() for field in user.models}
        return FieldClasses(self.program, recogniser=self.recogniser, declared=declared)

    @cached_property
    def recogniser(self) -> Recogniser:
        """The vocabulary, with the names the user declares, and less sure of keys that are part of addresses."""
        return self._vocabulary.with_weak(self.keys_in_addresses) if self.keys_in_addresses else self._vocabulary

    @cached_property
    def keys_in_addresses(self) -> frozenset[str]:
        """Names like those of secret keys that routes take out of addresses: such a key says which thing is meant, to everybody who asks."""
        matches = {name: self._vocabulary.recognise(name) for name in self.views.captured if not self.is_declared(name)}
        return frozenset(name for name, match in matches.items() if match is not None and match.label == "secret-key")

    @cached_property
    def _vocabulary(self) -> Recogniser:
        names = {label: user.names for label, user in self._labels.items() if user.names}
        return Recogniser.with_names(names) if names else default_recogniser()

    @cached_property
    def _own_names(self) -> bool:
        return any(user.names for user in self._labels.values())

    def is_declared(self, name: str) -> bool:
        """Tell whether it is the user who says what the name means."""
        return self._own_names and self._vocabulary.recognise(name) != default_recogniser().recognise(name)

    @cached_property
    def views(self) -> Views:
        """Functions and classes that answer requests."""
        return Views(self.program)

    @cached_property
    def templates(self) -> Templates:
        """Templates by name."""
        if self._templates is None:
            from leaktight.project.templates import Templates as Empty

            return Empty(())
        return self._templates()

    def setting(self, name: str) -> SettingValue | None:
        """The value of a setting in production; None when no settings module of production is known."""
        return self.settings[0].get(name) if self.settings else None

    def field(self, cls: ClassRef, name: str) -> Field | None:
        """A declared field of a class."""
        return self._fields(cls).get(name)

    @cached_property
    def _declared(self) -> frozenset[str]:
        return frozenset(
            field.name
            for cls in self.classes
            if cls.kind in {"model", "form", "serializer"}
            for field in cls.fields
            if field.match
        )

    def declares(self, name: str) -> bool:
        """Tell whether a model, form or serializer of the project has a sensitive field of this name."""
        return name in self._declared

    def kind(self, cls: ClassRef) -> str | None:
        """`model`, `form`, `serializer`, `schema` or `type` for a class with fields."""
        found = self.classes.get(cls)
        return found.kind if found else None

    def fields(self, cls: ClassRef) -> tuple[Field, ...]:
        """All declared fields of a class; none when it is no class with fields."""
        found = self.classes.get(cls)
        return found.fields if found else ()

    @cached_property
    def user_model(self) -> ClassRef | None:
        """The project's own class of users: the one `AUTH_USER_MODEL` names, or the only one there is."""
        users = [ref for ref in self.program.classes() if self.is_user_class(ref)]
        setting = self.setting("AUTH_USER_MODEL")
        named = setting.value.rpartition(".")[2] if setting is not None and isinstance(setting.value, str) else ""
        chosen = [ref for ref in users if self.program.class_(ref).name == named] or users
        return chosen[0] if len(chosen) == 1 else None

    def is_user_class(self, ref: ClassRef) -> bool:
        """Tell whether the rows of a model of the project are users that sign in."""
        ancestors = self.program.ancestors(ref)
        return any(name.startswith("django.") and name.endswith((".AbstractUser", ".AbstractBaseUser")) for name in ancestors)

    @cached_property
    def _field_tables(self) -> dict[ClassRef, dict[str, Field]]:
        return {}

    def _fields(self, cls: ClassRef) -> dict[str, Field]:
        if cls not in self._field_tables:
            self._field_tables[cls] = {field.name: field for field in self.fields(cls)}
        return self._field_tables[cls]


__all__ = ["Field", "FieldClass", "Project"]
