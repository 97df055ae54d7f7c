"""The pytest plugin: a team's own tests become leak tests.

`pytest --leaktight` watches every request of Django's test client; a test fails when something sensitive that the
request brought comes out where the policy forbids it. The fixture `leaktight` does the same for one test, and makes canaries:

    def test_login(leaktight, client):
        client.post("/login/", {"username": "ann", "password": leaktight.canary("password")})

`leaktight prove --write-tests FILE` writes tests that use it. pytest finds the plugin by itself; unused, it imports nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from leaktight.model import Verdict

_KINDS = {"email": "email", "card": "card", "phone": "phone", "password": "password"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("leaktight").addoption(
        "--leaktight", action="store_true", help="watch the requests of every test for sensitive values that come out"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch everything where that is asked for; otherwise no test is touched."""
    if config.getoption("--leaktight"):
        config.pluginmanager.register(Everywhere(), "leaktight everywhere")


class Leaktight:
    """Watches the requests of one test; `verdicts` are the leaks so far."""

    def __init__(self, root: Path) -> None:
        from leaktight.prove.canary import Canary, Mint
        from leaktight.prove.finder import Finder
        from leaktight.prove.project.judging import Judge
        from leaktight.prove.project.places import OwnCode
        from leaktight.prove.project.watch import Watch

        code = OwnCode(root)
        self._mint = Mint()
        self._root = root
        self._is_watching = True
        self._planted: list[Canary] = []
        self._judge = Judge(code, Finder([]))
        self._watch = Watch(code)

    def canary(self, name: str, label: str = "") -> str:
        """Return a value for a field of this name, unlike any other; `label` says what it is where the name does not.

        Raises ValueError when neither says that it is sensitive.
        """
        from leaktight.policy import LABELS
        from leaktight.prove.canary import Kind
        from leaktight.prove.project.fields import label_of_name

        label = label or label_of_name(name)
        if label not in LABELS:
            raise ValueError(f"what is {name}? Say it with a label: {', '.join(LABELS)}")
        made = self._mint.canary(Kind(_KINDS.get(label, "token")), label=label, name=name, planted=f"the canary {name}")
        self._planted.append(made)
        return made.text

    def again(
        self, method: str, path: str, *, rule: str, channel: str = "", label: str = "", after: tuple[str, str] | None = None
    ) -> None:
        """Prove one endpoint again, as `leaktight prove` tells it (`/notes/<pk>/`), and another one before it if `after` names one.

        The test fails while the endpoint leaks in this way, and when it cannot be exercised, since silence would say nothing then.
        It needs the database (`django_db`).
        """
        from leaktight.prove.documents import documents
        from leaktight.prove.project.run import again

        self._is_watching = False
        try:
            leaks, last = again(self._root, [*([after] if after else []), (method, path)], documents(self._root))
        finally:
            self._is_watching = True
        alike = [
            leak
            for leak in leaks
            if leak.rule == rule and channel in {"", leak.channel} and label in {"", leak.label} and _is_of(leak, method, path)
        ]
        if alike:
            pytest.fail("\n".join(_told(leak) for leak in alike), pytrace=False)
        if last is None:
            pytest.fail(f"there is no {method} {path} any more: prove again, and write the tests anew", pytrace=False)
        if last.accepted is None:
            pytest.fail(
                f"{method} {path} could not be exercised, so nothing is known: {last.reason}. {last.remedy}", pytrace=False
            )

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The leaks so far, in their order."""
        return tuple(sorted(self._judge.leaks.values(), key=lambda verdict: verdict.key))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what Django's test client asks for."""
        from django.test import Client

        from leaktight.prove.project.observers import observing
        from leaktight.prove.project.observers.patching import replaced

        request = Client.request

        def asked(client: Any, **environ: Any) -> Any:
            if not self._is_watching:
                return request(client, **environ)
            with self._watch.during() as arrivals:
                response = request(client, **environ)
            self._judge.judge(self._answer(response, list(arrivals)))
            return response

        with observing(self._watch), replaced(Client, request=asked):
            yield

    def _answer(self, response: Any, arrivals: list[Any]) -> Any:
        """What the judge is told of a response: the canaries, and what the request brought under sensitive names."""
        from leaktight.guard.values.collect import collector
        from leaktight.guard.values.registry import Registry
        from leaktight.prove.canary import Canary, Kind
        from leaktight.prove.project.asked import Asked
        from leaktight.prove.project.asking import Answer
        from leaktight.prove.project.draft import Draft
        from leaktight.prove.project.endpoints import Endpoint
        from leaktight.prove.project.objects import Role

        request = response.wsgi_request
        match = request.resolver_match
        route = f"/{match.route}" if match is not None else "an address nobody answers"
        endpoint = Endpoint(route, route.replace("%", "%%"), (), {}, match.func if match is not None else None, "")
        brought = [
            Canary(value.text, Kind.TEXT, value.label, value.name, f"the field {value.name}")
            for value in Registry(collector(request))
            if value.sure
        ]
        user = getattr(request, "user", None)
        role = Role.USER if user is not None and user.is_authenticated else Role.ANONYMOUS
        draft = Draft(endpoint, request.method.lower())
        known = {canary.text: canary for canary in (*brought, *self._planted)}
        body = b"" if response.streaming else bytes(response.content)
        return Answer(draft, list(known.values()), role, request.is_secure(), response, body, arrivals, Asked(), None)


@pytest.fixture
def leaktight(request: pytest.FixtureRequest) -> Iterator[Leaktight]:
    """Watch the requests of this test; it fails when something sensitive comes out."""
    watcher = Leaktight(request.config.rootpath)
    with watcher.watching():
        yield watcher
    if watcher.verdicts:
        pytest.fail("\n".join(_told(verdict) for verdict in watcher.verdicts), pytrace=False)


class Everywhere:
    """With `--leaktight`, every test is watched."""

    @pytest.fixture(autouse=True)
    def _leaktight_everywhere(self, leaktight: Leaktight) -> None:
        """Use the fixture."""


def _is_of(leak: Verdict, method: str, path: str) -> bool:
    return leak.request is not None and (leak.request.method, leak.request.path) == (method, path)


def _told(verdict: Verdict) -> str:
    place = f" at {verdict.place}" if verdict.place else ""
    return f"leaking[{verdict.rule}]{place}: {verdict.message}, {verdict.form}; {verdict.remedy}"
