"""No value leaves by a report: what is hidden in lines of source, and what stays readable."""

from __future__ import annotations

import datetime
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from report.samples import PROJECT, RULES, finding

from leaktight.model import Claim, Gap, Result, Severity, Span, Step
from leaktight.policy import recognise
from leaktight.report import (
    decide,
    mask_literals,
    render_csv,
    render_github,
    render_gitlab,
    render_gitlab_sast,
    render_html,
    render_json,
    render_junit,
    render_markdown,
    render_sarif,
    render_text,
)
from leaktight.report.entropy import looks_random
from leaktight.report.mask import shield


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('SECRET_KEY = "django-insecure-abc"', 'SECRET_KEY = "•••"'),
        ("password='hunter2'", "password='•••'"),
        ('x = {"password": "hunter2", "page": "home"}', 'x = {"password": "•••", "page": "home"}'),
        ('user["password"] = "hunter2"', 'user["password"] = "•••"'),
        ('create(username=n, password="hunter2", kind="x")', 'create(username=n, password="•••", kind="x")'),
        ('def f(password: str = "hunter2", kind="x"):', 'def f(password: str = "•••", kind="x"):'),
        ('password = data.get("password", "hunter2")', 'password = data.get("password", "•••")'),
        ('data.get("password", "hunter2")', 'data.get("password", "•••")'),
        ('SECRET_KEY = env("SECRET_KEY", default="insecure")', 'SECRET_KEY = env("SECRET_KEY", default="•••")'),
        ('if request.GET["token"] == "letmein":', 'if request.GET["token"] == "•••":'),
        ('password, page = "a1", "b2"', 'password, page = "•••", "•••"'),
        ('password = "x" "y"', 'password = "•••" "•••"'),
        ('password = f"{first}-hunter2-{second}"', 'password = f"{first}•••{second}"'),
        ('PASSWORDS = {"admin": "hunter2"}', 'PASSWORDS = {"•••": "•••"}'),
        ('user.set_password("hunter2")', 'user.set_password("•••")'),
        ('get(url, auth=("bob", "hunter2"))', 'get(url, auth=("•••", "•••"))'),
        ('DATABASE = "postgres://shop:hunter2@db/shop"', 'DATABASE = "postgres://shop:•••@db/shop"'),
        ('headers = {"X": "Bearer abcdefghijkl"}', 'headers = {"X": "Bearer •••"}'),
        ('x = "AKIAIOSFODNN7EXAMPLE"', 'x = "•••"'),
        ('x = "4111 1111 1111 1111"', 'x = "•••"'),
        ('x = "0123456789abcdef0123456789abcdef"', 'x = "•••"'),
        ("x = 1  # password: hunter2", "x = 1  # password: •••"),
        ("# the password is hunter2", "# the password is •••"),
        ('<input type="password" value="hunter2">', '<input type="password" value="•••">'),
        ('password = "hunter2', 'password = "•••'),
        ('password = """hunter2', 'password = """•••'),
    ],
)
def test_values_are_hidden(line: str, shown: str):
    assert mask_literals(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        'logger.info("reset link %s", url)',
        'password = request.POST["password"]',
        'token = request.GET.get("token")',
        'url = f"https://shop.example/reset/?token={token}"',
        'fields = ["username", "password", "is_active"]',
        '"django.contrib.auth.middleware.AuthenticationMiddleware",',
        'return redirect("accounts:password_reset_complete_view")',
        'template_name = "accounts/two_factor_authentication_setup_2.html"',
        '@sensitive_post_parameters("password", "page")',
        'password = ""',
        'password = f"{first}{second}"',
        'x = "postgres://shop:%s@db/shop"',
        'headers = {"X": f"Bearer {token}"}',
        "x = 1234567890123456",
        '<input type="password" value="{{ form.password.value }}">',
        "# reads the password from the form",
        "it's no code at all",
    ],
)
def test_what_is_no_value_stays(line: str):
    assert mask_literals(line) == line


def test_a_literal_on_a_line_of_its_own_belongs_to_the_name_above():
    assert mask_literals('    "hunter2"', before="PASSWORD = (\n") == '    "•••"'
    assert mask_literals('    "home"', before="PAGE = (\n") == '    "home"'
    assert mask_literals("hunter2", before='PASSWORD = """\n') == "•••"


def test_files_without_quotes():
    assert mask_literals("DB_PASSWORD=hunter2", code=False) == "DB_PASSWORD=•••"
    assert mask_literals("db_password: hunter2", code=False) == "db_password: •••"
    assert mask_literals("PAGE=home", code=False) == "PAGE=home"


@pytest.mark.parametrize(
    "words",
    [
        "AuthenticationMiddleware",
        "test_2fa_login_view_returns_403_when_x",
        "HTTPResponseServerErrorHandler",
        "accounts/password-reset-complete",
        "GDALGetRasterBandXSize",
        "2026-11-23T21-04-00",
        "aaaaaaaaaaaaaaaaaaaaaaaa_eeee",
    ],
)
def test_words_are_not_random(words: str):
    assert not looks_random(words)


@pytest.mark.parametrize(
    "key",
    [
        "0123456789abcdef",
        "aB3dE5fG7hJ9kL1m",
        "qzxkvjwpmfhtyrbdgnsl",
        "550e8400-e29b-41d4-a716-446655440000",
        "Zm9vYmFyMTIzNDU2Nzg5MA==",
    ],
)
def test_keys_are_random(key: str):
    assert looks_random(key)


# -- properties --------------------------------------------------------------------------------

VALUES = st.text(string.ascii_letters + string.digits + "!?*@ .,;:-_+#%$äß", min_size=6, max_size=40).filter(
    lambda value: value == value.strip() and sum(character.isalnum() for character in value) >= 6
)
"""Values of any look: only the name they are given to tells that they are secret."""
KEYS = st.text("0123456789abcdef", min_size=24, max_size=64).filter(
    lambda value: sum(map(str.isdigit, value)) >= 3 and sum(map(str.isalpha, value)) >= 3
)
"""Values that look like keys wherever they stand."""
NAMES = st.sampled_from(["password", "SECRET_KEY", "api_key", "access_token", "db_password", "self.private_key", "user.password"])
FRAMES = st.sampled_from(
    [
        "{name} = {value}",
        "    {name} = {value}  # set",
        "{name}: str = {value}",
        "call(1, {name}={value})",
        "call({name}=default or {value})",
        'x = {{"{last}": {value}, "b": 1}}',
        'x["{last}"] = {value}',
        'os.environ.get("{last}", {value})',
        "{name} = [{value}]",
        "{name} = ({value},)",
        "if {name} == {value}:",
        "{name} = make(1, {value})",
        "{name} = {value} + suffix",
    ]
)
QUOTES = st.sampled_from(["{!r}", '"{}"', "'{}'", '"""{}"""', 'r"{}"', 'b"{}"'])


@given(VALUES, NAMES, FRAMES, QUOTES)
def test_no_value_given_to_a_sensitive_name_is_shown(value: str, name: str, frame: str, quote: str):
    last = name.rpartition(".")[2]
    assume(value not in frame.format(name=name, last=last, value=""))
    assume(recognise(value) is None)  # the name of a secret is no secret: `fields = ["password"]`
    line = frame.format(name=name, last=last, value=quote.format(value))
    assert value not in mask_literals(line)


@given(KEYS, st.sampled_from(['x = "{}"', "send('{}')", "# {}", 'x = """{}', "see {} there", "{}"]))
def test_no_key_is_shown_wherever_it_stands(key: str, frame: str):
    assert key not in mask_literals(frame.format(key))
    assert key not in shield(frame.format(key))


@given(line=st.text(max_size=80), before=st.text(max_size=40), code=st.booleans())
def test_masking_never_fails_and_never_makes_up_text(*, line: str, before: str, code: bool):
    shown = mask_literals(line, before=before, code=code)
    assert "".join(shown.split("•••")) in line or set(shown) <= set(line) | {"•"}
    assert shown.count("\n") <= line.count("\n")


TODAY = datetime.date(2026, 11, 26)


@given(KEYS, st.integers(0, 9))
def test_no_canary_in_any_format(canary: str, place: int):
    """Even a rule that puts a value into a message does not print it."""
    text = [f"the key {canary} is here" if place == number else "fine" for number in range(10)]
    lines = [f'value = "{canary}"', f'password = "{canary}"', f"url = 'https://u:{canary}@host/'", f"# {canary}"]

    def at(line: int) -> Span:
        return Span("app/views.py", line, 1, line, 6)

    result = Result(
        PROJECT,
        (
            finding(message=text[0], span=at(1), flow=(Step(at(2), text[1]), Step(at(3), text[2]), Step(at(4), text[3]))),
            finding(message=text[4], span=at(4), related=(Step(at(1), text[5]), Step(Span("b.py", 1, 1, 1, 3), text[6]))),
        ),
        (Gap("a.py", 1, text[7]),),
        (Claim(("cookie-without-secure",), text[8], at(1), datetime.date(2030, 1, 1), 1, 1, used=True),),
    )
    outcome = decide(result, fail_on=Severity.LOW)
    told = [
        render_text(result, outcome, rules=RULES, version="1", sources=lambda path: lines, verbose=True),
        render_text(result, outcome, rules=RULES, version="1", sources=lambda path: lines, unicode=True, colour=True, width=120),
        render_json(result, outcome, version="1"),
        render_sarif(result, outcome, rules=RULES, version="1"),
        render_html(result, outcome, rules=RULES, sources=lambda path: lines, version="1"),
        render_junit(result, outcome, today=TODAY),
        render_gitlab_sast(result, outcome, rules=RULES, version="1", today=TODAY),
        *(render(result, outcome) for render in (render_github, render_gitlab, render_markdown, render_csv)),
    ]
    assert not any(canary in item for item in told)


@pytest.mark.parametrize(
    "line",
    [
        "ENV DB_PASSWORD hunter2,(x)",
        "ENV DB_PASSWORD=hunter2,(x)",
        '      DB_PASSWORD: "${DB_PASSWORD:-hunter2,(x)}"',
        "      - DB_PASSWORD=hunter2,(x)",
        'Environment="DB_PASSWORD=hunter2,(x)"',
        "export DB_PASSWORD='hunter2,(x)'",
    ],
)
def test_all_behind_a_sensitive_variable_is_hidden(line: str) -> None:
    assert "hunter2" not in mask_literals(line, code=False)
    assert "(x)" not in mask_literals(line, code=False)
    assert "hunter2" in mask_literals(line.replace("PASSWORD", "COLOUR"), code=False)
