"""Verdicts that tests of proofs speak of: one of each kind."""

from __future__ import annotations

from leaktight.model import CodePlace, Sent, Tightness, Verdict

LEAK = Verdict(
    Tightness.LEAKING,
    "the password of form field password comes out in logger shop",
    rule="secret-in-log",
    channel="log",
    label="password",
    form="base64",
    missing=("masked",),
    request=Sent("POST", "/login/", "form field password", "anonymous"),
    evidence="login with ••• (password, 20-39 characters)",
    place=CodePlace("shop/views.py", 12, "login"),
    remedy="Leave it out of the log line, or mask it.",
    reproduction="curl -X POST https://localhost:8000/login/ -d password=CANARY",
)
OPEN = Verdict(Tightness.INCONCLUSIVE, "every role is refused (403)", request=Sent("GET", "/mine/"), remedy="give a user")
TIGHT = Verdict(Tightness.TIGHT, "nothing came out", request=Sent("GET", "/"))
