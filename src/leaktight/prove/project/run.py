"""Prove a project from beginning to end, inside its own interpreter."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaktight.guard.values.own import watch_own_secrets
from leaktight.model import Proof, Verdict
from leaktight.prove.canary import Mint
from leaktight.prove.finder import Finder
from leaktight.prove.project.asked import Listener, listening
from leaktight.prove.project.asking import Asking, Budget, Exhausted
from leaktight.prove.project.described import Descriptions, served
from leaktight.prove.project.endpoints import Endpoint, endpoints
from leaktight.prove.project.facts import Facts
from leaktight.prove.project.fields import Filler
from leaktight.prove.project.judging import Judge, place_of_error
from leaktight.prove.project.learning import Learner, is_watched
from leaktight.prove.project.objects import Stock
from leaktight.prove.project.observers import observing
from leaktight.prove.project.places import OwnCode
from leaktight.prove.project.probing import NO_TURN, Exercise, Prober, exhausted
from leaktight.prove.project.seal import written_so_far
from leaktight.prove.project.surroundings import QUICK_HASHER, private, quiet
from leaktight.prove.project.watch import Watch
from leaktight.prove.project.wire import Wire

_MOST_AGAIN = 300
_LONGEST_AGAIN = 120.0
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Job:
    """What to prove, and how much may be done for it."""

    root: str
    """The folder the project's code lies in."""
    requests: int
    seconds: float
    own_database: bool = False
    seed: int | None = None
    documents: Sequence[Any] = ()
    """OpenAPI descriptions of the project, read already."""


@dataclass(frozen=True, slots=True)
class Bench:
    """All that probing needs, put together once."""

    asking: Asking
    prober: Prober
    judge: Judge
    wire: Wire
    facts: Facts
    routes: list[Endpoint]

    @property
    def leaks(self) -> list[Verdict]:
        """The leaks so far."""
        return [*self.judge.leaks.values(), *self.wire.verdicts.values()]


@contextmanager
def bench(root: Path, budget: Budget, *, documents: Sequence[Any] = (), seed: int | None = None) -> Iterator[Bench]:
    """Fill the database and observe every way out, until the end of the block. `documents` are OpenAPI descriptions, read already."""
    code = OwnCode(root)
    watch, listener = Watch(code), Listener(code)
    filler = Filler(Mint(seed))
    stock = Stock(filler)
    routes = endpoints()  # loads the views, and with them every package there is something to observe in
    with observing(watch), listening(listener):
        stock.fill()
        seeded = [canary for canary in stock.seeded.values() if is_watched(canary.label)]
        judge, wire, facts = Judge(code, Finder(seeded)), Wire(), Facts()
        asking = Asking(watch, listener, stock, budget, filler.mint)
        descriptions = Descriptions([*documents, *served(asking, routes)])
        prober = Prober(asking, Learner(filler, stock, descriptions), judge, wire, facts)
        yield Bench(asking, prober, judge, wire, facts, routes)


def prove(job: Job) -> Proof:
    """Prove the project whose settings `DJANGO_SETTINGS_MODULE` names."""
    started = time.monotonic()
    quiet()
    with private(own_database=job.own_database) as notes:
        watch_own_secrets()
        budget = Budget(job.requests, job.seconds)
        with bench(Path(job.root), budget, documents=job.documents, seed=job.seed) as ready:
            budget.started = time.monotonic()
            if written := written_so_far():
                notes.append(_written(written, Path(job.root)))
            exercises = [Exercise(endpoint, method) for endpoint in ready.routes for method in endpoint.methods]
            # What leaves nothing behind comes first; what needs another page to have been there gets a second turn.
            exercises.sort(key=lambda exercise: exercise.method == "delete")
            if not exhausted(exercises, ready.prober) and not exhausted(exercises, ready.prober):
                with suppress(Exhausted):
                    ready.prober.look_again(exercises)
                    ready.prober.look_at_sessions(exercises)
    told = [exercise for exercise in exercises if exercise.matters]
    if (error := ready.asking.stock.unmade) is not None:
        place = place_of_error(ready.asking.watch.code, error)
        notes.append(
            f"no user could be made ({type(error).__name__}{f' at {place}' if place else ''}): nothing behind a login was exercised"
        )
    if left := sum(exercise.accepted is None and exercise.reason == NO_TURN for exercise in told):
        notes.append(
            f"the allowance was used up: {left} of {len(told)} were not asked for; allow more with --seconds or --max-requests"
        )
    verdicts = [*ready.leaks, *(exercise.verdict for exercise in told if not (exercise.accepted and exercise.leaks))]
    return Proof(
        target=Path(job.root).name,
        verdicts=tuple(sorted(verdicts, key=lambda verdict: verdict.key)),
        counts={
            "endpoints": len(told),
            "exercised": sum(exercise.accepted is not None for exercise in told),
            "requests": budget.used,
            "canaries": ready.asking.mint.count,
        },
        seconds=time.monotonic() - started,
        notes=tuple(notes),
        facts=ready.facts.told(),
    )


def _written(files: Sequence[str], root: Path) -> str:
    """Say which files a project has written before anybody could look into them."""
    shown = [Path(file).name if not Path(file).is_relative_to(root) else str(Path(file).relative_to(root)) for file in files]
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return f"written while it started, kept, and not looked into: {', '.join(shown[:_MOST_SHOWN])}{more}"


def again(
    root: Path, requests: Sequence[tuple[str, str]], documents: Sequence[Any] = ()
) -> tuple[list[Verdict], Exercise | None]:
    """Probe some endpoints one after the other, each a method and a route as proofs tell it; return the leaks and how far the last one went.

    It is None when there is no such endpoint. The database is the one that is there: a test's.
    """
    from django.conf import settings
    from django.test.utils import override_settings

    quick = override_settings(PASSWORD_HASHERS=[QUICK_HASHER, *settings.PASSWORD_HASHERS])
    with quick, bench(root, Budget(_MOST_AGAIN, _LONGEST_AGAIN), documents=documents) as ready:
        exercises = [
            Exercise(endpoint, method.lower())
            for method, route in requests
            for endpoint in ready.routes
            if endpoint.shown == route
        ]
        if not exhausted(exercises, ready.prober):
            with suppress(Exhausted):
                ready.prober.look_again(exercises)
    return ready.leaks, exercises[-1] if exercises else None
