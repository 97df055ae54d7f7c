"""What a page offers: its forms with their fields, its links, and what a browser loads for it from where."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

_LOADS = {
    "script": "src", "img": "src", "iframe": "src", "embed": "src", "source": "src", "audio": "src", "video": "src", "track": "src",
    "input": "src", "object": "data", "frame": "src",
}  # fmt: skip
_LINKED = frozenset({"stylesheet", "icon", "preload", "modulepreload", "prefetch", "manifest", "preconnect", "dns-prefetch"})


@dataclass(slots=True)
class Field:
    """One control of a form."""

    name: str
    type: str
    value: str = ""
    autocomplete: str = ""
    most: int | None = None
    options: tuple[str, ...] = ()
    checked: bool = False


@dataclass(slots=True)
class Form:
    """A form as it stands in a page."""

    page: str
    action: str
    method: str
    multipart: bool = False
    fields: list[Field] = field(default_factory=list)
    text: str = ""
    """What its buttons say."""

    @property
    def shape(self) -> tuple[str, str, tuple[str, ...]]:
        """What makes two forms the same one."""
        return (self.method, urldefrag(self.action)[0], tuple(sorted(each.name for each in self.fields)))


@dataclass(slots=True)
class Page:
    """What was read from one page. All addresses are absolute."""

    url: str
    forms: list[Form] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    """Address and text of each link."""
    loads: list[tuple[str, str]] = field(default_factory=list)
    """Element and address of each resource that a browser fetches for the page by itself."""
    text: str = ""


def read_page(url: str, text: str) -> Page:
    """Read a page. Whatever is broken in it is passed over, as browsers do."""
    reader = _Reader(url)
    reader.feed(text)
    reader.close()
    reader.page.text = " ".join(" ".join(reader.words).split())
    return reader.page


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page(url)
        self.words: list[str] = []
        self._base = url
        self._form: Form | None = None
        self._select: Field | None = None
        self._area: Field | None = None
        self._link: list[str] | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, str] = {}
        for name, value in attrs:
            given.setdefault(name, value or "")
        if tag == "base" and given.get("href"):
            self._base = self._absolute(given["href"]) or self._base
        if tag in _LOADS and given.get(_LOADS[tag]):
            self._loads(tag, given[_LOADS[tag]])
        if tag == "link" and given.get("href") and _LINKED & set(given.get("rel", "").lower().split()):
            self._loads(tag, given["href"])
        if tag in {"script", "style"}:
            self._silent += 1
        if tag == "a" and given.get("href"):
            address = self._absolute(given["href"])
            self._link = [address, ""] if address else None
        self._in_form(tag, given)

    def _in_form(self, tag: str, given: dict[str, str]) -> None:
        if tag == "form":
            action = self._absolute(given.get("action") or self.page.url) or self.page.url
            method = given.get("method", "get").strip().lower()
            multipart = given.get("enctype", "").strip().lower() == "multipart/form-data"
            self._form = Form(self.page.url, action, "POST" if method == "post" else "GET", multipart)
            self.page.forms.append(self._form)
        if tag == "option" and self._select is not None:
            value = given.get("value", "")
            self._select.options += (value,)
            if "selected" in given:
                self._select.value = value
        if self._form is None:
            return
        if tag == "button":
            self._form.text += " " + given.get("value", "")
        if tag not in {"input", "select", "textarea"} or not given.get("name") or "disabled" in given:
            return
        kind = given.get("type", "text").strip().lower() or "text" if tag == "input" else tag
        longest = given.get("maxlength", "")
        found = Field(
            given["name"],
            kind,
            given.get("value", ""),
            given.get("autocomplete", "").lower(),
            int(longest) if longest.isdigit() and int(longest) else None,
            checked="checked" in given,
        )
        self._form.fields.append(found)
        if tag == "select":
            self._select = found
        if tag == "textarea":
            self._area = found
            found.value = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif tag in {"script", "style"}:
            self._silent = max(self._silent - 1, 0)
        elif tag == "a" and self._link:
            self.page.links.append((self._link[0], self._link[1].strip()))
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.words.append(data)
        if self._link:
            self._link[1] += data
        if self._area is not None:
            self._area.value += data
        elif self._form is not None:
            self._form.text += " " + data

    def close(self) -> None:
        super().close()
        if self._link:
            self.page.links.append((self._link[0], self._link[1].strip()))

    def _absolute(self, address: str) -> str | None:
        try:
            found = urljoin(self._base, address.strip())
            return found if urlsplit(found).scheme in {"http", "https"} and urlsplit(found).hostname else None
        except ValueError:
            return None

    def _loads(self, tag: str, address: str) -> None:
        found = self._absolute(address)
        if found:
            self.page.loads.append((tag, found))
