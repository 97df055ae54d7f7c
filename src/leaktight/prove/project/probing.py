"""Probe one endpoint after the other: find the role and the request it accepts, then force errors on it, and judge all that was seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from django.conf import settings
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve

from leaktight.model import Sent, Tightness, Verdict
from leaktight.prove.canary import Canary
from leaktight.prove.finder import Finder
from leaktight.prove.project.asking import Answer, Asking, Exhausted
from leaktight.prove.project.computed import compare
from leaktight.prove.project.draft import EXTRA
from leaktight.prove.project.endpoints import Endpoint
from leaktight.prove.project.facts import Facts, see_sessions_end
from leaktight.prove.project.forcing import forced_error
from leaktight.prove.project.judging import Judge, place_of_error
from leaktight.prove.project.learning import Learner, is_watched
from leaktight.prove.project.objects import SIGNED_IN, Role
from leaktight.prove.project.pages import judge_page
from leaktight.prove.project.refusing import refused
from leaktight.prove.project.wire import Wire

_ROUNDS = 7
NO_TURN = "the allowance was used up before its turn"
_ROLES = (Role.ANONYMOUS, *SIGNED_IN)


@dataclass
class Exercise:
    """How far a method of an endpoint was exercised."""

    endpoint: Endpoint
    method: str
    reason: str = NO_TURN
    remedy: str = "Allow more with --max-requests or --seconds."
    accepted: Answer | None = None
    leaks: int = 0
    matters: bool = True
    """False for a method the endpoint does not have."""

    @property
    def verdict(self) -> Verdict:
        """What is said of it, beside its leaks."""
        sent = Sent(self.method.upper(), self.endpoint.shown)
        if self.accepted is None:
            return Verdict(Tightness.INCONCLUSIVE, self.reason, request=sent, remedy=self.remedy)
        count = len(self.accepted.canaries)
        said = (
            f"exercised as {self.accepted.role} with {count} canar{'y' if count == 1 else 'ies'}; none came out where it must not"
        )
        return Verdict(Tightness.TIGHT, said, request=replace(sent, role=self.accepted.role))


class Prober:
    """Probes endpoints; what one gives out (links, redirects) helps with the others."""

    def __init__(self, asking: Asking, learner: Learner, judge: Judge, wire: Wire, facts: Facts) -> None:
        self._asking = asking
        self._learner = learner
        self._judge = judge
        self._wire = wire
        self._facts = facts
        self._refused: set[tuple[str, str]] = set()
        self._given: dict[str, tuple[str, Role, Sent]] = {}
        """Addresses the project itself has given out: route → address, to whom, and to which request."""

    def probe(self, exercise: Exercise) -> None:
        """Exercise a method of an endpoint as far as it goes. Raises `Exhausted`."""
        best: Answer | None = None
        for role in self._roles(exercise.endpoint):
            answer = self._as(exercise, role)
            if answer.status == 405:
                exercise.matters = False
                return
            if self._is_accepted(answer):
                best = answer
                break
            best = answer if best is None or _rank(answer) > _rank(best) else best
        if best is None:
            return
        if not self._is_accepted(best):
            exercise.reason, exercise.remedy = self._why_not(best)
            return
        if not self._takes_anything(exercise, best):
            exercise.matters = False
            return
        exercise.accepted = best
        self._facts.accepted(best)
        self._after(exercise, best)

    def look_again(self, exercises: list[Exercise]) -> None:
        """Ask for every page once more, and look for what was sent long before: as the one it was for, and as others.

        Others are somebody with the same rights to whom nothing of it belongs, and an anonymous visitor. Raises `Exhausted`.
        """
        taken = [one.accepted for one in exercises if one.accepted is not None and one.accepted.draft.has_body]
        brought = {
            canary.text: answer.draft.sent(answer.role) for answer in taken for canary in answer.canaries if is_kept(canary)
        }
        kept = Finder([canary for answer in taken for canary in answer.canaries if canary.text in brought])
        pages = [one.accepted for one in exercises if one.accepted is not None and one.method == "get"]
        for page in pages if kept else ():
            for other in (Role.OTHER, Role.ANONYMOUS):
                if page.role is Role.USER or (page.role is Role.STAFF and other is Role.ANONYMOUS):
                    seen = self._asking.ask(page.draft, other)
                    if seen.status < 300:
                        self._judge.later(seen, kept, brought)
            self._judge.later(self._asking.ask(page.draft, page.role), kept, brought)

    def look_at_sessions(self, exercises: list[Exercise]) -> None:
        """See whether sessions end when they ought to; it comes last. Raises `Exhausted`."""
        pages = [one.accepted for one in exercises if one.accepted is not None]
        see_sessions_end(self._asking, self._facts, pages, self._is_refused)

    def _roles(self, endpoint: Endpoint) -> tuple[Role, ...]:
        given = self._given.get(endpoint.route)
        return _ROLES if given is None else (given[1], *(role for role in _ROLES if role is not given[1]))

    def _as(self, exercise: Exercise, role: Role) -> Answer:
        """Ask as somebody, and better with every answer."""
        draft = self._learner.first(exercise.endpoint, exercise.method, role)
        given = self._given.get(exercise.endpoint.route)
        if given is not None and given[1] is role:
            draft.known_path, draft.after = given[0], given[2]
        good, was, before = False, 0, draft.names()
        for _ in range(_ROUNDS):
            answer = self._asking.ask(draft, role, names=True)
            exercise.leaks += self._judge.judge(answer) + judge_page(self._judge, answer)
            self._note_addresses(answer)
            self._wire.note(answer)
            is_worse = answer.status >= 400 if good else answer.status == 404 and was not in {0, 404}
            if is_worse and draft.take_back(before):
                continue
            # A parameter that only some values are good for (`_to_field` of the admin) must not be what a page fails by.
            if answer.status == 400 and was not in {0, 400} and draft.take_back(before, ("query",)):
                continue
            was = answer.status
            good, before = good or self._is_accepted(answer), draft.names()
            if answer.status == 405 or not self._learner.learn(draft, answer):
                break
        return answer

    def _after(self, exercise: Exercise, answer: Answer) -> None:
        """Force errors on a request that was accepted, and send it as it must not be sent."""
        draft, role = answer.draft, answer.role
        exercise.leaks += compare(self._asking, self._judge, answer)
        with forced_error(self._asking.watch.code):
            failed = self._asking.ask(draft, role)
        exercise.leaks += self._judge.judge(failed, forced=True)
        self._facts.failed(failed)
        for refused_ in refused(self._asking, answer, self._refused):
            exercise.leaks += self._judge.judge(refused_, forced=True)
            self._facts.refused(refused_)
        for asked in self._wire.probe(self._asking, draft, role, answer):
            exercise.leaks += self._judge.judge(asked, forced=True)
            if asked.secure:
                self._facts.forged(asked)

    def _is_accepted(self, answer: Answer) -> bool:
        if self._is_refused(answer) or answer.status >= 400:
            return False
        bound = [form for form in answer.asked.forms if form.is_bound and form.fields]
        return not bound or any(form.is_valid() for form in bound) or not answer.draft.has_body

    def _is_refused(self, answer: Answer) -> bool:
        if not 300 <= answer.status < 400:
            return answer.status in {401, 403}
        parts = urlsplit(answer.location)
        if "next=" in parts.query and "login" in parts.path:
            return True
        # Whoever is signed in and led there has been signed out.
        is_login = parts.path.rstrip("/") == urlsplit(resolve_url(settings.LOGIN_URL)).path.rstrip("/")
        return is_login and (answer.role is Role.ANONYMOUS or "next=" in parts.query) and answer.draft.method == "get"

    def _takes_anything(self, exercise: Exercise, answer: Answer) -> bool:
        """A function that answers a POST as it answers a GET is no endpoint for POST."""
        if exercise.method == "get" or exercise.endpoint.is_class or exercise.endpoint.is_api:
            return True
        asked = answer.asked
        posted = any(
            container is not answer.response.wsgi_request.GET and names for container, names in asked.containers.values()
        )
        return posted or asked.reads_json or bool(asked.forms) or 300 <= answer.status < 400

    def _why_not(self, answer: Answer) -> tuple[str, str]:
        if self._is_refused(answer):
            return (
                f"every role is refused ({answer.status})",
                "Tell of a user who may, or let a role in: objects are made for user, staff and superuser.",
            )
        if answer.status == 404:
            return "there is nothing at this address (404)", "Nothing that was made matches; see the arguments of the route."
        if answer.status >= 500:
            place = place_of_error(self._asking.watch.code, answer.error)
            if answer.error is None:
                return f"it answers {answer.status}", "The code behind it was not reached."
            said = f"it ends in an error ({type(answer.error).__name__}{f' at {place}' if place else ''})"
            return said, "The code behind it was not reached."
        wrong = sorted({name for form in answer.asked.forms if form.is_bound for name in form.errors})
        if wrong:
            return f"the form stays invalid: {', '.join(wrong)}", "No shape of value that is known satisfies it."
        return f"it answers {answer.status}", "The code behind it was not reached."

    def _note_addresses(self, answer: Answer) -> None:
        """Remember where the project itself leads: redirects, and links in mails."""
        found = [answer.location] if answer.location else []
        found += _links(answer)
        for address in found:
            parts = urlsplit(address)
            try:
                match = resolve(parts.path)
            except (Resolver404, ValueError):
                continue
            if match.kwargs:
                sent = answer.draft.sent(answer.role)
                self._given.setdefault("/" + match.route, (parts.path, answer.role, sent))


def _links(answer: Answer) -> list[str]:
    import re

    texts = [arrival.text for arrival in answer.arrivals if arrival.channel == "mail"]
    return [link for text in texts if isinstance(text, str) for link in re.findall(r"https?://[^\s\"'<>]+", text)]


def _rank(answer: Answer) -> int:
    """How far a request went: a form that stays invalid is further than a refusal."""
    if answer.status in {401, 403}:
        return 0
    return {3: 1, 4: 2, 5: 3, 2: 4}.get(answer.status // 100, 0)


def _outside(error: Exception) -> tuple[str, str]:
    """What is said of an error that no view raised; of its text only the name of a module is known to hold nothing else."""
    if isinstance(error, ModuleNotFoundError):
        return f"it could not be asked: there is no module {error.name}", "Install what the settings of production need as well."
    remedy = "The error came from outside the view: from a middleware, or from how it was asked."
    return f"it could not be asked ({type(error).__name__})", remedy


def is_kept(canary: Canary) -> bool:
    """Tell whether a canary of a request must not come out for others."""
    return is_watched(canary.label) and canary.name != EXTRA


def exhausted(exercises: list[Exercise], prober: Prober) -> bool:
    """Probe all that is not exercised yet; return whether the allowance was used up."""
    for exercise in exercises:
        if exercise.accepted is not None or not exercise.matters:
            continue
        try:
            prober.probe(exercise)
        except Exhausted:
            return True
        except Exception as error:  # noqa: BLE001 - what a project's middleware may raise; the next endpoint is not to blame
            exercise.reason, exercise.remedy = _outside(error)
    return False
