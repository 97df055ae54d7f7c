"""Sessions of a visitor who logs in: a new key at login, none that works after logout."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from leaktight.prove.page import Form, Page, read_page
from leaktight.prove.site.answer import Answer
from leaktight.prove.site.cookies import Jar
from leaktight.prove.site.crawl import LEAVING
from leaktight.prove.site.filling import Filled
from leaktight.prove.site.probes.setting import Setting
from leaktight.prove.site.visitor import Visitor, same_origin
from leaktight.prove.site.wire import NoAnswer


@dataclass(slots=True)
class LoggedIn:
    """A visitor who has logged in, and how he is told from one who has not."""

    visitor: Visitor
    landing: str
    before: Jar
    """The cookies he had before."""
    answers: list[Answer]


def log_in(run: Setting, login: str, user: str, password: str) -> LoggedIn | None:
    """Log in by the form of a page. None, and a verdict that says why, if that did not work."""
    visitor = run.visitor("user")
    try:
        shown = visitor.go(login)[-1]
    except NoAnswer as error:
        run.book.open("login", f"the login page gives no answer: {error}", "see that --login names it")
        return None
    form = login_form(read_page(shown.url, shown.text))
    if form is None:
        run.book.open("login", "the login page has no form with a password", "name the page that has it with --login")
        return None
    before = visitor.jar.copy()
    first = visitor.submit(_with(form, user, password))
    answers = visitor.follow(first)
    landing = answers[-1]
    if first.status >= 400 or login_form(read_page(landing.url, landing.text)) is not None:
        run.book.open("login", "the site does not let the user in", "see that --user and the password are right")
        return None
    return LoggedIn(visitor, landing.url, before, answers)


def login_form(page: Page) -> Form | None:
    """Return the form of a page that takes a name and one password, and sends them to the same site."""
    for form in page.forms:
        passwords = [field for field in form.fields if field.type == "password"]
        if len(passwords) == 1 and form.method == "POST" and same_origin(form.action, page.url):
            return form
    return None


def _with(form: Form, user: str, password: str) -> Filled:
    values: list[tuple[str, str]] = []
    named = False
    for field in form.fields:
        if field.type == "password":
            values.append((field.name, password))
        elif field.type in {"text", "email", "tel"} and not named:
            named = True
            values.append((field.name, user))
        elif field.type == "hidden":
            values.append((field.name, field.value))
    return Filled(form, tuple(values), ())


def probe_sessions(run: Setting, logged: LoggedIn) -> None:
    """Try the key from before the login, then log out and try the key from before that."""
    known = _Sight(run, logged)
    if not known.can_tell:
        run.book.open(
            "session-rotation", "a visitor who is logged in sees the same page as one who is not",
            "name a page that only a logged-in visitor sees as the address to prove", channel="session",
        )  # fmt: skip
        return
    _judge_rotation(run, logged, known)
    _judge_logout(run, logged, known)


class _Sight:
    """Tells by a page whether whoever has some cookies is logged in."""

    def __init__(self, run: Setting, logged: LoggedIn) -> None:
        self._run, self._logged = run, logged
        self._inside = self._mark(logged.visitor.jar.copy())
        self.can_tell = self._inside is not None and self._inside != self._mark(Jar())

    def sees_inside(self, jar: Jar) -> bool:
        return self._mark(jar) == self._inside

    def _mark(self, jar: Jar) -> tuple[int, str, bool] | None:
        answer = self._run.try_ask(self._logged.visitor, "GET", self._logged.landing, cookies=jar)
        if answer is None:
            return None
        where = urlsplit(answer.location or "").path
        return answer.status, where, way_out(read_page(answer.url, answer.text)) is not None


def _judge_rotation(run: Setting, logged: LoggedIn, known: _Sight) -> None:
    if not logged.before.all():
        run.book.tight("session-rotation", "no session is begun before the login", channel="session")
    elif known.sees_inside(logged.before.copy()):
        run.book.leak(
            "session-rotation",
            "the session from before the login is logged in too: whoever gave it to the visitor is in",
            rule="",
            channel="session",
            label="session-id",
            missing=("authenticated",),
            request=run.book.sent("GET", logged.landing, "user"),
            remedy="give a new session key at login, as `django.contrib.auth.login` does",
        )
    else:
        run.book.tight("session-rotation", "the login gives a new session key", channel="session")


def way_out(page: Page) -> Form | str | None:
    """Return the form or the address that ends the session."""
    for form in page.forms:
        if not same_origin(form.action, page.url):
            continue
        if LEAVING.search(urlsplit(form.action).path) or LEAVING.search(form.text):
            return form
    return next((address for address, text in page.links if LEAVING.search(urlsplit(address).path) or LEAVING.search(text)), None)


def _judge_logout(run: Setting, logged: LoggedIn, known: _Sight) -> None:
    visitor = logged.visitor
    pages = [read_page(answer.url, answer.text) for answer in logged.answers if answer.is_html]
    pages += [page for who, walk in run.walks if who is visitor for _, page in walk.pages]
    out = next((found for page in pages if (found := way_out(page)) is not None), None)
    if out is None:
        run.book.open(
            "session-logout", "no page has a way to log out", "link to it from the page after the login", channel="session"
        )
        return
    kept = visitor.jar.copy()
    try:
        answer = _leave(run, visitor, out)
    except NoAnswer as error:
        run.book.open("session-logout", f"the logout gives no answer: {error}", "see that the site is running", channel="session")
        return
    if answer is None:
        return
    run.book.fact("clear-site-data", answer.header("clear-site-data") is not None, "logout")
    if known.sees_inside(kept):
        run.book.leak(
            "session-logout",
            "the session goes on after the logout: whoever has copied its cookie stays in",
            rule="client-side-session",
            channel="session",
            label="session-id",
            missing=("server-side",),
            request=run.book.sent("GET", logged.landing, "user"),
            remedy="keep sessions on the server, and `logout(request)` there",
        )
    else:
        run.book.tight("session-logout", "after the logout the session's cookie is worth nothing", channel="session")


def _leave(run: Setting, visitor: Visitor, out: Form | str) -> Answer | None:
    if isinstance(out, str):
        return visitor.ask("GET", out) if same_origin(out, run.start) else None
    answer = visitor.ask("GET", out.page)  # the token against forged requests may have changed since
    fresh = way_out(read_page(answer.url, answer.text))
    form = fresh if isinstance(fresh, Form) else out
    hidden = tuple((field.name, field.value) for field in form.fields if field.type == "hidden")
    return visitor.submit(Filled(form, hidden, ()))
