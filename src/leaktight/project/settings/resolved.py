"""What is known of a site's settings: the value of each, how certain it is, and the way it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leaktight.model import Certainty, Gap, Span, Step
from leaktight.project.environment import FOR_EDITING, Environment, words_of
from leaktight.project.settings.values import (
    MISSING,
    UNKNOWN,
    Cell,
    External,
    Sequence,
    Table,
    Thing,
    Val,
    all_envs,
    has_default,
    inherit,
    parts,
    plain,
    wrap,
)


@dataclass(frozen=True, slots=True)
class SettingValue:
    """The value of one setting, or of one element of it, in one environment."""

    name: str
    certainty: Certainty
    value: Any = field(repr=False)
    """Plain Python. Parts that are not known are UNKNOWN; a text known in parts is a `Partial`;
    a name from outside (`ssl.CERT_NONE`) is a `Symbol`; a set is a tuple. Nobody prints it."""
    span: Span | None
    """The statement, or inside containers the element, that gives the value."""
    chain: tuple[Step, ...] = ()
    """The way it came: earlier assignments, star imports."""
    env: str | None = None
    """The environment variable, or other place outside the code, it comes from."""
    alternatives: tuple[SettingValue, ...] = ()
    """What it would be in another environment, or on another way through the code."""
    _val: Val | None = field(default=None, repr=False, compare=False)

    def at(self, *keys: Any) -> SettingValue:
        """Give the value of one element, with a certainty and place of its own: `.at("default", "OPTIONS")`."""
        found = self
        for key in keys:
            found = found._element(key)
        return found

    def _element(self, key: Any) -> SettingValue:
        name = f"{self.name}[{key!r}]"
        data = self._val.data if self._val is not None else UNKNOWN
        if isinstance(data, Table) and key in data.items:
            return self._present(name, data.items[key])
        if isinstance(data, Sequence) and data.closed and isinstance(key, int) and -len(data.items) <= key < len(data.items):
            return self._present(name, data.items[key])
        if data is UNKNOWN or isinstance(data, Thing) or (isinstance(data, (Sequence, Table)) and not data.closed):
            return SettingValue(name, Certainty.UNKNOWN, UNKNOWN, self.span, self.chain, self.env)
        return SettingValue(name, Certainty.ABSENT, None, None, self.chain, _val=Val(None))

    def _present(self, name: str, val: Val) -> SettingValue:
        whole = self._val or val
        return _setting(name, inherit(val, whole), val.span or self.span, self.chain)


def _setting(name: str, val: Val, span: Span | None, chain: tuple[Step, ...]) -> SettingValue:
    value = plain(val)
    certainty = val.certainty
    if value is UNKNOWN:
        certainty = Certainty.UNKNOWN
    elif certainty is Certainty.UNKNOWN or has_default(val):
        certainty = Certainty.DEFAULTED if has_default(val) else Certainty.KNOWN
    envs = all_envs(val)
    defaults = [part for part in parts(val) if has_default(part)]
    env = (
        val.envs[0] if val.envs else all_envs(defaults[0])[0] if defaults and all_envs(defaults[0]) else envs[0] if envs else None
    )
    others = tuple(_setting(name, other, other.span or span, ()) for other in val.others)
    return SettingValue(name, certainty, value, span, chain, env, others, val)


class Settings:
    """The settings one module gives in one environment."""

    def __init__(
        self,
        module: str,
        path: str,
        *,
        environment: Environment,
        cells: Mapping[str, Cell],
        incomplete: tuple[Gap, ...],
        default: Callable[[str], object],
        overrides: tuple[tuple[str, int, str], ...] = (),
        unread: tuple[tuple[str, int], ...] = (),
        is_loose: bool = False,
    ) -> None:
        self.module = module
        """Dotted name; for django-configurations followed by `:Class`."""
        self.path = path
        self.environment = environment
        self.incomplete = incomplete
        """What may set or change settings and could not be read."""
        self.is_loose = is_loose
        """A few lines of settings that belong to no site: what they leave out tells nothing."""
        self._cells = {name: cell for name, cell in sorted(cells.items()) if name.isupper()}
        self._default = default
        self._overrides = overrides
        self._unread = (*unread, *((gap.path, gap.line) for gap in incomplete))
        self._known: dict[str, SettingValue] = {}

    def __repr__(self) -> str:
        return f"<Settings {self.module} for {self.environment}>"

    @property
    def is_sample(self) -> bool:
        """Tell settings that every site fills in before it uses them."""
        return not FOR_EDITING.isdisjoint(words_of(self.path.rpartition("/")[2]))

    @property
    def overridden_by(self) -> tuple[str, ...]:
        """Give the optional modules, not in the tree, that may set or change settings."""
        return tuple(module for _, _, module in self._overrides)

    def is_usual(self, name: str) -> bool:
        """Tell a setting that says what Django does without it."""
        return bool(self.get(name).value == plain(wrap(self._default(name))))

    def is_open(self, value: SettingValue) -> bool:
        """Tell a setting that production may be given elsewhere: by what is read after it and is not in the tree.

        An optional module decides where `DEBUG` is left on for it to switch off; others are taken to be left out. What a variable of the
        environment decides is given by that.
        """
        span = value.span
        if value.certainty is Certainty.DEFAULTED and value.env is not None and value.env not in self.overridden_by:
            return False
        if any(span is None or (path and (span.path != path or span.line < line)) for path, line in self._unread):
            return True
        debug = self.get("DEBUG")
        return debug.value is True and debug.env in self.overridden_by and (span is None or value.env in self.overridden_by)

    def names(self) -> tuple[str, ...]:
        """Give the names of all settings that are set, sorted."""
        return tuple(self._cells)

    def get(self, name: str) -> SettingValue:
        """Give a setting; one that is set nowhere has the value Django gives it."""
        if name not in self._known:
            self._known[name] = self._get(name)
        return self._known[name]

    def _get(self, name: str) -> SettingValue:
        cell = self._cells.get(name)
        if cell is None:
            default = wrap(self._default(name))
            return SettingValue(name, Certainty.ABSENT, plain(default), None, _val=default)
        val = self._with_default(name, cell.val)
        val = replace(val, others=tuple(self._with_default(name, other) for other in val.others))
        if isinstance(val.data, Thing) and not isinstance(val.data, External):
            val = replace(val, data=UNKNOWN, certainty=Certainty.UNKNOWN)
        found = _setting(name, val, cell.span, cell.chain)
        override = self._override(cell.span)
        if override is None or found.certainty is not Certainty.KNOWN:
            return found
        return replace(found, certainty=Certainty.DEFAULTED, env=override)

    def _override(self, span: Span | None) -> str | None:
        """The optional module, not in the tree, that may change what is set at a place."""
        for path, line, module in self._overrides:
            if span is not None and (span.path != path or span.line < line):
                return module
        return None

    def _with_default(self, name: str, val: Val) -> Val:
        """Where it is not set, a setting has Django's default."""
        return replace(val, data=wrap(self._default(name)).data) if val.data is MISSING else val
