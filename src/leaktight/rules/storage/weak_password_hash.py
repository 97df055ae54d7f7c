"""
## What it finds
Passwords that are kept in a form from which they can be guessed: hashed with something fast (MD5, SHA-1, SHA-256, a checksum), with a
password hash or a hasher class that is told to make too little work, or by one of Django's hashers for old data at the head of
`PASSWORD_HASHERS`; and a password that is put into a user's `password` field as it is.

## Why it matters
Tables of passwords are copied more often than anybody likes. A fast hash lets the thief try billions of passwords a second, with or without
salt; most passwords of people fall within hours.

## How to fix it
Let Django do it: `make_password()`, or `user.set_password()`. Elsewhere use Argon2id, scrypt, bcrypt or PBKDF2 with what OWASP's password
storage cheat sheet recommends, and raise the amount of work when machines become faster.

## When it is fine
The hash is no password of a person but a random key, or it is only compared with a list of known passwords. What is only called a password
is shown to the strict audience, as are, put into the field as they are, something random that nobody is told and what a command takes over from
another site; and very little work; less than is recommended today to auditors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Arrival, Call, confidence
from leaktight.flow.knowledge import WorkSpec, load
from leaktight.flow.value import MISSING, Evidence, Fact, all_facts
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.classes import USER
from leaktight.project.settings import Settings, SettingValue
from leaktight.project.symbols import ClassRef, External
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least, is_run_by_hand
from leaktight.rules.outgoing.protections import argument, has_one_of, is_one_of
from leaktight.rules.sessions import place
from leaktight.rules.storage.hash_options import of_method, of_schemes
from leaktight.rules.storage.hash_uses import kept_as_password
from leaktight.rules.transport.enforcement import is_base, is_public
from leaktight.rules.written import places
from leaktight.source.code import Code, Op, last_name, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(916, 327, 328),
    step="S7",
    channel=Channel.DATABASE,
    missing=(Safeguard.HASHED,),
    message="passwords can be guessed from what is stored: {why}",
    remedy="Use `make_password()`, or Argon2id, scrypt, bcrypt or PBKDF2 with enough work.",
    asvs=("11.4.2",),
    unfixable=NotPossible("passwords that are stored have to be hashed anew as their owners sign in"),
    examples=(
        Example(
            "A password behind a fast hash",
            bad={
                "shop/members.py": """\
import hashlib

from shop.models import Member


def join(request):
    digest = hashlib.sha256(request.POST["password"].encode()).hexdigest()  # finds: weak-password-hash
    return Member.objects.create(name=request.POST["nick"], digest=digest)
"""
            },
            good={
                "shop/members.py": """\
from django.contrib.auth.hashers import make_password

from shop.models import Member


def join(request):
    digest = make_password(request.POST["password"])
    return Member.objects.create(name=request.POST["nick"], digest=digest)
"""
            },
        ),
    ),
)

_FAST = load().names(lambda spec: spec.fast)
_WORKING = load().names(lambda spec: bool(spec.work))
_OLD = (
    "MD5PasswordHasher",
    "SHA1PasswordHasher",
    "UnsaltedMD5PasswordHasher",
    "UnsaltedSHA1PasswordHasher",
    "CryptPasswordHasher",
)
_WORK = {
    "PBKDF2PasswordHasher": ("iterations", 600_000, 60_000),
    "PBKDF2SHA1PasswordHasher": ("iterations", 1_300_000, 130_000),
    "Argon2PasswordHasher": ("memory_cost", 7168, 7168),
    "BCryptSHA256PasswordHasher": ("rounds", 12, 10),
    "BCryptPasswordHasher": ("rounds", 12, 10),
    "ScryptPasswordHasher": ("work_factor", 1 << 14, 1 << 13),
}
"""Django's hashers: the attribute that says how much work they make, what is enough, and what is hardly any."""
_OLD_NAMES = ("md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt")


@rule.call(*_FAST)
def hashed_fast(call: Call) -> Iterator[Finding]:
    """A password goes into a hash that is made for speed."""
    facts = [fact for value in call.arguments.values() for fact in all_facts(value)]
    if any(fact.label == "secret-key" for fact in facts):
        return  # with a key in it, nobody can try passwords without the key
    for fact in facts:
        if fact.label == "password" and fact.state.is_readable:
            yield rule.finding(
                call.span,
                label=fact.label,
                confidence=min(confidence(fact), Confidence.MEDIUM, key=lambda item: item.rank),
                audience=Audience.STRICT if confidence(fact) is not Confidence.LOW or fact.strong else Audience.AUDIT,
                symbol=call.symbol,
                flow=(*call.machine.steps(fact.trace), *call.steps()),
                why=f"`{call.name.rpartition('.')[2]}()` is fast",
            )


@rule.call(*_FAST)
def hashed_fast_and_kept(call: Call) -> Iterator[Finding]:
    """Nothing says that it is a password but what is done with the hash."""
    if not any(fact.label == "password" for value in call.arguments.values() for fact in all_facts(value)):
        for packed in kept_as_password(call):
            yield rule.finding(
                call.project.span(call.path, packed),
                confidence=Confidence.LOW,
                audience=Audience.AUDIT,
                symbol=call.symbol,
                why=f"what `{call.name.rpartition('.')[2]}()` makes is taken for one, and that is fast",
            )


_ARGON = ("argon2.PasswordHasher", "argon2.Parameters", "argon2.low_level.hash_secret", "argon2.low_level.hash_secret_raw")


@rule.call("argon2.PasswordHasher.hash", *_ARGON)
def kind_of_argon(call: Call) -> Iterator[Finding]:
    """Only the mixed kind resists both who guesses with graphics cards and who watches the memory; it is told where something is hashed."""
    kind = argument(call, "type")
    if kind is None or not is_one_of(
        kind, ["@argon2.low_level.Type.I", "@argon2.low_level.Type.D", "@argon2.Type.I", "@argon2.Type.D"]
    ):
        return
    value = call.argument("value")
    hashes_something = call.name.endswith(".hash")
    if hashes_something and (value is None or all(fact.label != "password" for fact in all_facts(value))):
        return
    if hashes_something or not call.of_same_object("argon2.PasswordHasher.hash"):
        yield _chosen(call, "type", "`Type.ID` of Argon2 is the one that is recommended", sure=False)


@rule.call("argon2.PasswordHasher.from_parameters")
def profile_for_tests(call: Call) -> Iterator[Finding]:
    value = call.argument("params")
    name = (value.qualified or "").rpartition(".")[2] if value is not None else ""
    if name == "CHEAPEST":
        yield _chosen(call, "params", f"the profile `{name}` is made for tests")


@rule.call("werkzeug.security.generate_password_hash")
def method_by_name(call: Call) -> Iterator[Finding]:
    if (found := of_method(call.constant("method", default=None))) is not None:
        yield _chosen(call, found.parameter, found.why, sure=found.is_hardly_any)


@rule.call("passlib.context.CryptContext")
def schemes_by_name(call: Call) -> Iterator[Finding]:
    for found in of_schemes(call):
        yield _chosen(call, found.parameter, found.why, sure=found.is_hardly_any)


@rule.project
def profile_handed_on(project: Project) -> Iterator[Finding]:
    """The profile for tests, kept under another name or handed to something nothing is known about."""
    for path in sorted(project.program.modules):
        if "argon2" not in project.program.modules[path].packages:
            continue
        for symbol, codes in places(project, path):
            for code in walk(codes):
                found = project.program.resolve_code(code, path) if code[0] in {Op.ATTR, Op.NAME} else None
                if isinstance(found, External) and found.name == "argon2.profiles.CHEAPEST":
                    yield rule.finding(
                        project.span(path, code[1]),
                        confidence=Confidence.MEDIUM,
                        audience=Audience.STRICT,
                        symbol=symbol,
                        why="the profile `CHEAPEST` is made for tests",
                    )


def _chosen(call: Call, parameter: str, why: str, *, sure: bool = True) -> Finding:
    return rule.finding(
        call.place(parameter),
        confidence=Confidence.MEDIUM,
        audience=Audience.STRICT if sure else Audience.AUDIT,
        symbol=call.symbol,
        flow=call.steps(),
        why=why,
    )


@rule.call(*_WORKING)
def too_little_work(call: Call) -> Iterator[Finding]:
    """The hash is made for passwords, but told to be quick."""
    for spec in call.spec.work if call.spec is not None else ():
        if not all(has_one_of(call, name, values) for name, values in spec.when.items()):
            continue
        amount = _amount(call, spec)
        if amount is not None and amount < spec.least:
            yield rule.finding(
                call.place(spec.parameter),
                confidence=Confidence.MEDIUM,
                audience=Audience.STRICT if amount < spec.far_below else Audience.AUDIT,
                symbol=call.symbol,
                flow=call.steps(),
                why=f"`{spec.parameter}` is {amount}, at least {spec.least} is recommended",
            )
            return


def _amount(call: Call, spec: WorkSpec) -> int | None:
    given = call.constant(spec.parameter, default=None if call.is_open else spec.default)
    return given if given is not MISSING and type(given) is int else None


@rule.call("django.contrib.auth.hashers.make_password")
def hasher_for_old_data(call: Call) -> Iterator[Finding]:
    hasher = call.constant("hasher", default=None)
    if hasher in _OLD_NAMES:
        yield rule.finding(call.place("hasher"), symbol=call.symbol, flow=call.steps(), why=f"the hasher `{hasher}` is fast")


@rule.call(
    "django.contrib.auth.models.User.password=",
    "django.contrib.auth.models.AbstractBaseUser.password=",
    "django.contrib.auth.models.User",
)
def not_hashed_at_all(call: Call) -> Iterator[Finding]:
    value = call.argument("password" if call.name.endswith("User") else "value")
    if value is None or call.of_same_object("django.contrib.auth.models.User.set_password"):
        return
    if call.name.endswith("User") and _hashes(call):
        return  # what is made is known under another name, too, where one branch finds a user and another makes one
    for fact in all_facts(value) if not _IS_HASH.match(value.start) else ():
        if fact.label == "password" and fact.state.is_readable:
            yield rule.finding(
                call.span,
                label=fact.label,
                severity=Severity.HIGH,
                confidence=confidence(fact),
                audience=Audience.STRICT if _is_copied(call) or _is_no_password(call, fact) else None,
                symbol=call.symbol,
                flow=(*call.machine.steps(fact.trace), *call.steps()),
                why="this one is kept as it is",
            )


@rule.flow(Channel.DATABASE)
def put_into_a_row(arrival: Arrival) -> Iterator[Finding]:
    """`User.objects.create(password=…)` and `update(password=…)` take the value as it is, unlike `create_user`."""
    fact, call = arrival.fact, arrival.call
    model = call.receiver.origin if call.receiver is not None else None
    own = isinstance(model, ClassRef) and arrival.project.is_user_class(model)
    if arrival.parameter == "password" and fact.label == "password" and fact.state.is_readable and (own or model == USER):
        if not _hashes(call) and not _IS_HASH.match(arrival.value.start):
            yield rule.finding(
                arrival.span,
                label=fact.label,
                severity=Severity.HIGH,
                confidence=arrival.confidence,
                audience=at_least(arrival.audience, Audience.STRICT) if _is_no_password(call, fact) else arrival.audience,
                symbol=call.symbol,
                flow=arrival.flow,
                why="this one is kept as it is",
            )


_IS_HASH = re.compile(r"!|\w+\$")
"""How what Django stores begins: with a mark of no usable password, or with the name of the algorithm."""


def _is_no_password(call: Call, fact: Fact) -> bool:
    """Tell what may be something else: random, so that nobody is told what lets in, or taken over from another site, which hashed it."""
    made = bool(fact.evidence & Evidence.TYPE)
    return not fact.source and (made or is_run_by_hand(call.path))


def _hashes(call: Call) -> bool:
    """Tell a function that has the password hashed afterwards, or hands on what was."""
    names = call.project.program.function(call.function).names if call.function is not None else ()
    return not {"set_password", "make_password"}.isdisjoint(names)


def _is_copied(call: Call) -> bool:
    """`to_user.password = from_user.password`: one account takes over what is stored for another, which is hashed."""
    pieces = call.project.program.pieces(call.function) if call.function is not None and call.function.path == call.path else ()
    for code in pieces:
        if code[0] == Op.ASSIGN and code[3] is not None and any(inner[1] == call.packed for inner in (code, *code[2])):
            target, value = code[2][0], code[3]
            if target[0] == Op.ATTR and value[0] == Op.ATTR and target[3] == value[3] == "password":
                return not set(_words(target[2])).isdisjoint(_words(value[2]))
    return False


def _words(code: Code) -> list[str]:
    return last_name(code).lower().split("_")


@rule.project
def hashers_that_hurry(project: Project) -> Iterator[Finding]:
    """Classes of the project that make Django's hashers do less."""
    for ref in project.program.classes():
        parents = {
            name.rpartition(".")[2] for name in project.program.ancestors(ref) if name.startswith("django.contrib.auth.hashers.")
        }
        for parent in sorted(parents & _WORK.keys()):
            attribute, least, far_below = _WORK[parent]
            for code in project.program.class_(ref).body:
                amount = _assigned(code, attribute)
                if amount is not None and amount < least:
                    yield rule.finding(
                        project.span(ref.path, code[1]),
                        confidence=Confidence.MEDIUM,
                        audience=Audience.STRICT if amount < far_below else Audience.AUDIT,
                        symbol=project.program.class_(ref).qualified,
                        why=f"`{attribute}` is {amount}, at least {least} is recommended",
                    )


def _assigned(code: Code, name: str) -> int | None:
    """The number a class keeps under a name."""
    match code:
        case [Op.ASSIGN, _, [[Op.NAME, _, target]], [Op.CONST, _, int(amount)], *_] if target == name:
            return amount
        case _:
            return None


@rule.setting("PASSWORD_HASHERS")
def hashers_for_old_data(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    """Django stores new passwords with the first."""
    first = value.at(0) if isinstance(value.value, list | tuple) and value.value else None
    name = first.value.rpartition(".")[2] if first is not None and isinstance(first.value, str) else ""
    if first is None or name not in _OLD or not is_public(settings):
        return
    is_open = bool(settings.incomplete) or is_base(settings)
    yield rule.finding(
        place(first, settings),
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM if is_open else Confidence.HIGH,
        audience=Audience.STRICT if is_open else Audience.DEFAULT,
        symbol=settings.module,
        related=value.chain,
        why=f"`{name}` is fast, and the first of `PASSWORD_HASHERS`",
    )
