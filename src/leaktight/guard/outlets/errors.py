"""Error reports, by mail or on the page that `DEBUG` shows: whatever the site's reporter and its filter let through is masked.

Django's own filter ends at POST parameters and local variables that are named by decorators, and is off while `DEBUG` is on. This one goes
on top of the filter a site or a request has chosen, and looks at everything else as well: addresses, GET, headers, cookies, names of files,
settings, local variables of any name, messages, causes. The finished text and page are searched once more.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.template.defaultfilters import pprint
from django.views.debug import ExceptionReporter

from leaktight.guard.conf import Mode
from leaktight.guard.outlets.masking import WITHHELD, Mask
from leaktight.guard.outlets.telling import tell_found
from leaktight.guard.values.collect import registry_of
from leaktight.guard.values.registry import PROCESS, current, watched
from leaktight.policy import Channel

if TYPE_CHECKING:
    from types import FrameType

_originals: dict[str, Any] = {}


def install() -> None:
    """Put every exception reporter under guard."""
    if _originals:
        return
    _originals["__init__"] = ExceptionReporter.__init__
    ExceptionReporter.__init__ = _made


def remove() -> None:
    """Leave Django's reporters as they were."""
    if _originals:
        ExceptionReporter.__init__ = _originals.pop("__init__")


def _made(self: ExceptionReporter, *args: Any, **kwargs: Any) -> None:
    """`ExceptionReporter.__init__`: what a reporter gives is wrapped in the instance, so that a subclass's own methods are, too."""
    _originals["__init__"](self, *args, **kwargs)
    data, text, page = self.get_traceback_data, self.get_traceback_text, self.get_traceback_html
    self.get_traceback_data = lambda *a, **k: _with_values(self, lambda: _masked_data(self, data(*a, **k)))
    self.get_traceback_text = lambda *a, **k: _whole(self, lambda: _masked(text(*a, **k)))
    self.get_traceback_html = lambda *a, **k: _whole(self, lambda: _masked_page(page(*a, **k)))


def _with_values(reporter: ExceptionReporter, give: Callable[[], Any]) -> Any:
    reporter.filter = guarded_filter(reporter.filter)
    with _known(reporter.request):
        return give()


def _whole(reporter: ExceptionReporter, give: Callable[[], Any]) -> Any:
    """Give a finished report; in the mode `block` none in which anything had to be masked."""
    met: list[Mask] = []
    token = _met.set(met)
    try:
        report = _with_values(reporter, give)
    finally:
        _met.reset(token)
    return WITHHELD if any(mask.mode is Mode.BLOCK for mask in met) else report


_met: ContextVar[list[Mask] | None] = ContextVar("leaktight_report_masks", default=None)
"""The masks that found something while the present report was made."""


@contextmanager
def _known(request: HttpRequest | None) -> Iterator[None]:
    """Know the values of the request that is reported, also where an error happens outside the middleware.

    The reporter is about to read what was posted; it is read first, since the local variables that may hold it are written before.
    """
    if not isinstance(request, HttpRequest):
        yield
        return
    try:
        request.POST  # noqa: B018 - read by being asked for
    except Exception:  # noqa: BLE001, S110 - the reporter meets it again, and says so
        pass
    if current() is not PROCESS:
        yield
        return
    with watched(registry_of(request)):
        yield


def _masked(value: Any, name: str = "", other: Callable[[Mask, Any], Any] | None = None) -> Any:
    """Return a value for a report without anything sensitive; what cannot be inspected is withheld."""
    return _applied(value, lambda mask: mask.data(value, name, other=None if other is None else lambda it: other(mask, it)))


def _masked_page(page: str) -> str:
    """Names in a page's markup and scripts say nothing, so only values are looked for."""
    return str(_applied(page, lambda mask: mask.values(page)))


def _applied(value: Any, change: Callable[[Mask], Any]) -> Any:
    try:
        mask = Mask(Channel.ERROR_REPORT)
        changed = change(mask)
        tell_found(mask)
    except Exception:  # noqa: BLE001 - whatever the reason
        return WITHHELD
    met = _met.get()
    if mask.found and met is not None:
        met.append(mask)
    return value if mask.mode is Mode.REPORT else changed


def _masked_data(reporter: ExceptionReporter, data: dict[str, Any]) -> dict[str, Any]:
    """Mask what the reporter has put together for its templates."""
    for name, value in data.items():
        if isinstance(value, str):
            data[name] = _masked(value)
    for name in ("request_GET_items", "request_FILES_items"):
        if name in data:
            data[name] = [(key, _masked(value, str(key), _told)) for key, value in data[name]]
    if data.get("template_info"):
        data["template_info"] = _masked(data["template_info"])
    if data.get("unicode_hint") and _masked(text := _whole_of(reporter.exc_value)) != text:
        data["unicode_hint"] = WITHHELD  # a few characters of the text in question
    for frame in data.get("frames", ()):
        if frame.get("exc_cause") is not None:
            frame["exc_cause"] = _masked(frame["exc_cause"], "", _told)
    return data


def _whole_of(error: Any) -> str:
    text = getattr(error, "object", "")
    return text.decode("latin-1") if isinstance(text, bytes) else str(text)


class _Text(str):
    """A text that stands for an object: it looks the same to who asks for its `repr`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _told(mask: Mask, value: Any) -> Any:
    """An object in nested data stays when what it says of itself is clean."""
    try:
        said = [repr(value), str(value)]
    except Exception:  # noqa: BLE001 - whatever the site's own objects do
        return WITHHELD
    masked = [mask.text(text) for text in said]
    return value if masked == said else _Text(masked[0])


class _Guarded:
    """What goes on top of a reporter filter."""

    def is_active(self, request: HttpRequest | None) -> bool:
        """Keep what the decorators ask for while `DEBUG` is on: the page may be seen by others, too."""
        return True

    def get_safe_settings(self) -> dict[str, Any]:
        return {name: _masked(value, name) for name, value in super().get_safe_settings().items()}  # type: ignore[misc]

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        meta = super().get_safe_request_meta(request)  # type: ignore[misc]
        return {name: _masked(value, name.removeprefix("HTTP_"), _told) for name, value in meta.items()}

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        return {name: _masked(value, name) for name, value in super().get_safe_cookies(request).items()}  # type: ignore[misc]

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        return _masked(super().get_post_parameters(request))  # type: ignore[misc]

    def get_cleansed_multivaluedict(self, request: HttpRequest | None, multivaluedict: Any) -> Any:
        return _masked(super().get_cleansed_multivaluedict(request, multivaluedict))  # type: ignore[misc]

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> list[tuple[str, Any]]:
        """Mask variables before they are written: written ones are folded and cut, and a cut value is not recognised."""
        variables = super().get_traceback_frame_variables(request, tb_frame)  # type: ignore[misc]
        return [(name, _variable(name, value)) for name, value in variables]


_PLAIN = (str, bytes, bytearray, int, float, dict, list, tuple, set, frozenset, type(None))


def _variable(name: str, value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return _masked(value, name, _told)
    # Written here, once: to write some objects costs a query.
    return _applied(value, lambda mask: _Text(mask.text(pprint(value))) if mask.label(name) is None else mask.data(value, name))


_classes: weakref.WeakKeyDictionary[type, type] = weakref.WeakKeyDictionary()


def guarded_filter(given: Any) -> Any:
    """Return a copy of a reporter filter whose every answer is masked; the filter itself may be shared and stays as it is."""
    cls = type(given)
    if issubclass(cls, _Guarded):
        return given
    if cls not in _classes:
        _classes[cls] = type(cls.__name__, (_Guarded, cls), {"__module__": cls.__module__})
    guarded = copy.copy(given)
    guarded.__class__ = _classes[cls]
    return guarded
