"""What a proof sees of how a project keeps watch, beside what leaks: is it logged, do sessions end; facts for the evidence sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from leaktight.policy import Channel
from leaktight.prove.project.asking import Answer, Asking
from leaktight.prove.project.objects import Role

_HEARD = frozenset({Channel.LOG, Channel.ERROR_REPORT})
_INSIDE = (b"Traceback (most recent call last)", b"ForcedError", b"an error was forced here")


class Facts:
    """Facts by name: does each hold, and where was it seen; the first that holds and the first that does not are kept."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, bool], str] = {}

    def note(self, name: str, detail: str, *, holds: bool) -> None:
        """Note a fact."""
        self.seen.setdefault((name, holds), detail)

    def told(self) -> tuple[tuple[str, bool, str], ...]:
        """Return all of them: name, whether it holds, where."""
        return tuple((name, holds, detail) for (name, holds), detail in sorted(self.seen.items()))

    def accepted(self, answer: Answer) -> None:
        """See whether a login is logged."""
        if answer.logged_in:
            self._logged("login-logged", answer)

    def refused(self, answer: Answer) -> None:
        """See whether a refusal is logged."""
        if answer.status in {401, 403}:
            self._logged("refusal-logged", answer)

    def forged(self, answer: Answer) -> None:
        """See whether a forged request that was refused is logged."""
        if answer.status == 403:
            self._logged("forgery-logged", answer)

    def failed(self, answer: Answer) -> None:
        """See whether an error is logged, and ends with an answer that says nothing of the inside."""
        if answer.error is not None:
            self._logged("error-logged", answer)
            is_safe = answer.status == 500 and not any(mark in answer.body for mark in _INSIDE)
            self.note("error-safe", f"{_where(answer)} is answered with {answer.status}", holds=is_safe)

    def _logged(self, name: str, answer: Answer) -> None:
        heard = any(arrival.channel in _HEARD for arrival in answer.arrivals)
        self.note(
            name, f"{_where(answer)} ({answer.status}) {'is logged' if heard else 'leaves no line in any log'}", holds=heard
        )


def see_sessions_end(asking: Asking, facts: Facts, pages: Iterable[Answer], is_refused: Callable[[Answer], bool]) -> None:
    """See whether a session of somebody outlives a new password, and a closed account. Raises `Exhausted`."""
    page = next(
        (answer for answer in pages if answer.role is Role.USER and answer.status < 300 and answer.draft.method == "get"), None
    )
    user = asking.stock.user(Role.USER) if page is not None else None
    if page is None or user is None or is_refused(asking.ask(page.draft, Role.USER)):
        return
    password, is_active = user.password, user.is_active
    for name, says, changed in (
        ("password-ends-sessions", "a new password", {"password": "!"}),
        ("closing-ends-sessions", "the account is closed", {"is_active": False}),
    ):
        with suppress(Exception):
            type(user)._base_manager.filter(pk=user.pk).update(**changed)  # noqa: SLF001
            seen = asking.ask(page.draft, Role.USER, sign_in=False)
            ended = is_refused(seen) or seen.status >= 400
            facts.note(name, f"{_where(page)}: {says}, and the session {'has ended' if ended else 'goes on'}", holds=ended)
        type(user)._base_manager.filter(pk=user.pk).update(password=password, is_active=is_active)  # noqa: SLF001
        if is_refused(asking.ask(page.draft, Role.USER)):
            return


def _where(answer: Answer) -> str:
    return f"{answer.draft.method.upper()} {answer.draft.endpoint.shown} as {answer.role}"
