"""
## What it finds
A model whose primary key is a secret: a token, an API key, the key of a session.

## Why it matters
The primary key is what everything else refers to a row by. It stands in every address of the admin, in links of lists and APIs, in foreign
keys, in the history of changes, in log lines and error reports. Whoever reads one of them holds the secret.

## How to fix it
Give the model an ordinary primary key and keep the secret in a unique field beside it, best as a hash.

## When it is fine
The key is an id that opens nothing by itself, beside the column with the secret. Where only the class is called after a secret, and not
the key, the strict are told, and so they are of personal data such as a phone number, which opens nothing. Models that take their primary key over from a class of Django's are not reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.classes import FieldClass
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import is_grave

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(598, 532),
    step="S4",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.POST,),
    message="{label} data (`{word}`) is the primary key of `{model}`, so addresses, links and logs hold it",
    remedy="Use an ordinary primary key and keep the secret in a unique field, best as a hash.",
    asvs=("14.2.1",),
    unfixable=NotPossible("another primary key moves the data of every table that points to it"),
    examples=(
        Example(
            "A token that is what its row is called by",
            bad={
                "shop/models.py": """\
from django.conf import settings
from django.db import models


class ResetToken(models.Model):
    key = models.CharField(max_length=64, primary_key=True)  # finds: secret-as-primary-key
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
"""
            },
            good={
                "shop/models.py": """\
from django.conf import settings
from django.db import models


class ResetToken(models.Model):
    key_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
"""
            },
        ),
    ),
)


@rule.model
def key_is_a_secret(cls: FieldClass, project: Project) -> Iterator[Finding]:
    field = cls.primary_key
    if cls.kind != "model" or field is None or field.owner != cls.name:
        return
    match = cls.secret_key(project.recogniser)
    if match is not None:
        strong = field.match is not None and field.match.strength > 1
        yield rule.finding(
            project.span(field.path, field.span),
            label=match.label,
            confidence=Confidence.HIGH if strong else Confidence.MEDIUM,
            audience=Audience.DEFAULT if strong and is_grave(match.label) else Audience.STRICT,
            symbol=f"{cls.path.removesuffix('.py').replace('/', '.')}.{cls.name}",
            word=field.name,
            model=cls.name,
        )
