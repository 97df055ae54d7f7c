"""A request in the making: what is put where, and the canaries among it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from leaktight.model import Sent
from leaktight.prove.canary import Canary, Mint
from leaktight.prove.project.endpoints import Endpoint
from leaktight.prove.project.fields import Filled

PARTS = {
    "path": "path part",
    "query": "query parameter",
    "form": "form field",
    "json": "JSON key",
    "headers": "header",
    "cookies": "cookie",
    "files": "file",
}


@dataclass
class Draft:
    """A request to an endpoint; parts are filled as the project asks for them."""

    endpoint: Endpoint
    method: str
    path: dict[str, Filled] = field(default_factory=dict)
    query: dict[str, Filled] = field(default_factory=dict)
    form: dict[str, Filled] = field(default_factory=dict)
    json: dict[str, Filled] = field(default_factory=dict)
    headers: dict[str, Filled] = field(default_factory=dict)
    cookies: dict[str, Filled] = field(default_factory=dict)
    files: dict[str, Filled] = field(default_factory=dict)
    as_json: bool = False
    unwanted: set[tuple[str, str]] = field(default_factory=set)
    """Parts and names that made things worse, and are not sent again."""
    known_path: str = ""
    """An address the project itself has given out, which is better than one we make up."""
    after: Sent | None = None
    """The request whose answer gave it out."""

    @property
    def has_body(self) -> bool:
        return self.method in {"post", "put", "patch"}

    @property
    def address(self) -> str:
        """The path, without the query."""
        if self.known_path:
            return self.known_path
        values = {name: quote(str(self.path[name].value), safe="/") for name in self.endpoint.arguments}
        return self.endpoint.form % values if values else self.endpoint.form.replace("%%", "%")

    @property
    def canaries(self) -> list[Canary]:
        """Every canary in it."""
        return [filled.canary for part in PARTS for filled in getattr(self, part).values() if filled.canary is not None]

    def renew(self, mint: Mint) -> None:
        """Put new canaries in the place of the old ones: what was stored once may not be stored again."""
        made: dict[str, Canary] = {}
        for part in PARTS:
            filled = getattr(self, part)
            for name, one in list(filled.items()):
                if one.canary is None or one.fixed:
                    continue
                old = one.canary
                if old.text not in made:
                    made[old.text] = mint.again(old)
                filled[name] = one.holding(made[old.text])

    def freeze(self) -> None:
        """Keep what was sent in headers, cookies and the address from now on: an object was made to match it."""
        for part in ("path", "query", "headers", "cookies"):
            filled = getattr(self, part)
            for name, one in filled.items():
                filled[name] = Filled(one.value, one.canary, fixed=True)

    def take_back(self, before: dict[str, set[str]], parts: Iterable[str] = tuple(PARTS)) -> bool:
        """Take out what was added to some parts since and says nothing sensitive; return whether there was any."""
        taken = False
        for part in parts:
            filled = getattr(self, part)
            for name in set(filled) - before[part]:
                if part != "path" and not (filled[name].canary and filled[name].canary.label):
                    del filled[name]
                    self.unwanted.add((part, name))
                    taken = True
        return taken

    def names(self) -> dict[str, set[str]]:
        """Return the names in each part."""
        return {part: set(getattr(self, part)) for part in PARTS}

    def body(self) -> tuple[Any, str]:
        """Return the data for the test client, and its content type."""
        if not self.has_body:
            return None, ""
        if self.as_json:
            return json.dumps(_nested({name: filled.value for name, filled in self.json.items()})), "application/json"
        values = {name: filled.value for name, filled in self.form.items() if not _is_left_out(filled.value)}
        files = {name: filled.value for name, filled in self.files.items()}
        if files:
            return values | files, ""
        return urlencode(values, doseq=True), "application/x-www-form-urlencoded"

    def sent(self, role: str, canary: Canary | None = None) -> Sent:
        """Describe it without its values."""
        return Sent(self.method.upper(), self.endpoint.shown, canary.planted if canary else "", role)

    def curl(self, host: str = "https://localhost:8000") -> str:
        """Return a command that makes the same request; in the place of each canary stands what it is."""
        path = self.endpoint.form % {name: f"<{name}>" for name in self.endpoint.arguments}
        query = "&".join(f"{name}={_stand_in(name, filled)}" for name, filled in self.query.items() if name != EXTRA)
        words = ["curl", "-X", self.method.upper(), f"{host}{path}{f'?{query}' if query else ''}"]
        for name, filled in self.headers.items():
            words += ["-H", f"{name}: {_stand_in(name, filled)}"]
        if self.cookies:
            words += ["-b", "; ".join(f"{name}={_stand_in(name, filled)}" for name, filled in self.cookies.items())]
        if self.has_body and self.as_json:
            shown = {name: _stand_in(name, filled) for name, filled in self.json.items() if name != EXTRA}
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(shown)]
        elif self.has_body:
            for name, filled in self.form.items():
                if name != EXTRA:
                    words += ["-d", f"{name}={_stand_in(name, filled)}"]
        return shlex.join(words)


EXTRA = "leaktight_extra"
"""A parameter no code asks for by its name: where it comes out, the whole request was taken."""


def _is_left_out(value: Any) -> bool:
    """Tell what a browser does not send: a box that is not ticked, a list of nothing."""
    return value is None or value is False or value == []


def _stand_in(name: str, filled: Filled) -> str:
    return f"CANARY-{name}" if filled.canary is not None else str(filled.value)


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Turn `a.b` into what stands in `a`."""
    built: dict[str, Any] = {}
    for name, value in flat.items():
        *above, last = name.split(".")
        inside = built
        for key in above:
            inside = inside.setdefault(key, {})
            if not isinstance(inside, dict):
                break
        else:
            inside[last] = value
    return built
