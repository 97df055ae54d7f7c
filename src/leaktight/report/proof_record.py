"""A proof as JSON for programs, schema 1; and read again, so that it can be merged with a scan."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from leaktight.model import CodePlace, Proof, Sent, Tightness, Verdict
from leaktight.report.status import Outcome

SCHEMA = 1


def render_proof_json(proof: Proof, outcome: Outcome, *, version: str) -> str:
    """Render a proof as JSON, schema 1; keys are always in the same order."""
    document = {
        "schema": SCHEMA,
        "tool": {"name": "leaktight", "version": version},
        "target": proof.target,
        "outcome": proof.outcome,
        "verdicts": [proof_record(verdict) for verdict in proof.verdicts],
        "counts": proof.counts,
        "seconds": round(proof.seconds, 1),
        "notes": list(proof.notes),
        "summary": {
            **{str(one): len(proof.of(one)) for one in Tightness},
            "channel": dict(sorted(Counter(verdict.channel for verdict in proof.of(Tightness.LEAKING)).items())),
            "exit_status": int(outcome.status),
            "reason": outcome.reason,
        },
    }
    return f"{msgspec.json.format(msgspec.json.encode(document), indent=2).decode()}\n"


def proof_record(verdict: Verdict) -> dict[str, Any]:
    place = verdict.place
    return {
        "outcome": verdict.outcome,
        "message": verdict.message,
        "rule": verdict.rule or None,
        "channel": verdict.channel or None,
        "label": verdict.label or None,
        "form": verdict.form or None,
        "missing": list(verdict.missing),
        "request": _sent(verdict.request),
        "after": _sent(verdict.after),
        "evidence": verdict.evidence or None,
        "path": place.path if place else None,
        "line": place.line if place else None,
        "symbol": place.symbol if place else None,
        "remedy": verdict.remedy or None,
        "reproduction": verdict.reproduction or None,
        "proves": verdict.proves or None,
    }


def _sent(sent: Sent | None) -> dict[str, Any] | None:
    if sent is None:
        return None
    return {"method": sent.method, "path": sent.path, "planted": sent.planted or None, "role": sent.role or None}


def read_proof_json(text: bytes) -> Proof:
    """Read what `render_proof_json` wrote. Raises ValueError when it is anything else."""
    try:
        read = msgspec.json.decode(text)
        if read["schema"] != SCHEMA:
            raise ValueError(f"it has the schema {read['schema']}, and this leaktight reads {SCHEMA}")
        return Proof(
            target=str(read["target"]),
            verdicts=tuple(_verdict(one) for one in read["verdicts"]),
            counts={str(name): int(number) for name, number in read["counts"].items()},
            seconds=float(read["seconds"]),
            notes=tuple(map(str, read["notes"])),
        )
    except (KeyError, TypeError, AttributeError, msgspec.MsgspecError) as error:
        raise ValueError("it is not the JSON of a proof") from error


def _verdict(read: dict[str, Any]) -> Verdict:
    words = ("message", "rule", "channel", "label", "form", "evidence", "remedy", "reproduction", "proves")
    return Verdict(
        outcome=Tightness(read["outcome"]),
        missing=tuple(map(str, read["missing"])),
        request=_request(read["request"]),
        after=_request(read["after"]),
        place=CodePlace(str(read["path"]), int(read["line"]), read["symbol"] or "") if read["path"] else None,
        **{word: read[word] or "" for word in words},
    )


def _request(read: dict[str, Any] | None) -> Sent | None:
    return Sent(**{name: value or "" for name, value in read.items()}) if read else None
