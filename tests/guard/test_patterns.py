"""What a text itself calls sensitive is found, prose and code are left alone, and no text takes more than linear time."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.guard.outlets.patterns import sensitive_spans
from leaktight.guard.values.collect import known_label

TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 3, in f\n    {code}\nValueError: {text}'


def _masked(text: str) -> str:
    parts, done = [], 0
    for span in sensitive_spans(text, known_label):
        parts += [text[done : span.start], f"<{span.label}>"]
        done = span.end
    return "".join(parts) + text[done:]


QUIET = [
    "status=200 user=anna page=2",
    "Not Found: /accounts/password/reset/",
    "12:30:01,123 took 12:30",
    "unexpected token: name",
    "password: %s",
    "password=%(password)s token={token} key=$API_KEY secret={{ secret }}",
    "password=None, token=null, api_key='', secret=False",
    "password: str, token: int = 5"[:13],
    "password=••• (password, 8-19 characters)",
    "card_number=************1111",
    "'password': '********************'",
    "https://example.org/a:b@c?page=1",
    "http://[::1]:8000/",
    "mailto:anna@example.org",
    "if password == other: pass",
    "password_reset=done password_hash=abc csrfmiddlewaretoken=xyz",
    "Bearer tokens are supported",
    "eyJust a word",
    "the word password alone",
    TRACEBACK.format(code="login(user, password=password, token=request.POST)", text="no"),
    TRACEBACK.format(code='raise Error("password=%s" % x)', text="password=None"),
    "",
    "=",
    ":",
]


@pytest.mark.parametrize("text", QUIET)
def test_what_holds_no_value_is_left_alone(text: str) -> None:
    assert _masked(text) == text


FOUND = {
    "password=hunter2 x=1": "password=<password> x=1",
    '{"password": "hun\\"ter2", "a": 1}': '{"password": "<password>", "a": 1}',
    '{"user": {"cvv": 123}, "n": 5}': '{"user": {"cvv": <card>}, "n": 5}',
    "{'password': ['hunter2', 'b'], 'x': 1}": "{'password': [<password>], 'x': 1}",
    "<QueryDict: {'card_number': ['4111']}>": "<QueryDict: {'card_number': [<card>]}>",
    '"{\\"password\\": \\"hunter2\\", \\"b\\": 1}"': '"{\\"password\\": \\"<password>\\", \\"b\\": 1}"',
    "Authorization: Bearer abc.def/x==\nHost: x": "Authorization: Bearer <token>\nHost: x",
    "'Authorization': 'Basic YTpi', 'Host': 'x'": "'Authorization': '<token>', 'Host': 'x'",
    'Authorization: Digest username="a", response="b"\nX: 1': "Authorization: Digest <token>\nX: 1",
    "Cookie: a=b; sessionid=xyz\nHost: x": "Cookie: <session-id>\nHost: x",
    "x-api-key: abc": "x-api-key: <secret-key>",
    "HTTP_AUTHORIZATION='abc'": "HTTP_AUTHORIZATION='<token>'",
    "postgres://u:p%40s@s@h:5432/db": "postgres://u:<password>@h:5432/db",
    "redis://:pw@h/0": "redis://:<password>@h/0",
    "GET /x?access_token=abc&y=1 HTTP/1.1": "GET /x?access_token=<token>&y=1 HTTP/1.1",
    "/x?form-0-password=abc#top": "/x?form-0-password=<password>",
    "connect host=h user=u password=secret dbname=d": "connect host=h user=u password=<password> dbname=d",
    "error: password=a error: password=b": "error: password=<password> error: password=<password>",
    "b'card_number=4111111111111111&x=1'": "b'card_number=<card>&x=1'",
    "sent Bearer abcdefgh12345 x": "sent Bearer <token> x",
    "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_": "got <token>",
    "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----": "-----BEGIN RSA PRIVATE KEY-----<private-key>-----END RSA PRIVATE KEY-----",
    "--password=abc": "--password=<password>",
    'password="never closed': 'password="<password>',
    "new_password => abc": "new_password => <password>",
    TRACEBACK.format(code='f(token="lit")', text="password=abc"): TRACEBACK.format(
        code='f(token="<token>")', text="password=<password>"
    ),
}


@pytest.mark.parametrize("text", FOUND)
def test_what_a_text_calls_sensitive_is_found(text: str) -> None:
    assert _masked(text) == FOUND[text]


VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=8, max_size=30).filter(
    lambda value: (
        value.strip() == value and any(c.isalpha() for c in value) and not value.startswith(("%", "$", "{", "[", "(", "<", "•"))
    )
)


@given(VALUES, st.sampled_from(["password", "api_key", "X-Card-Number", "iban"]))
def test_any_value_of_a_json_key_is_found(value: str, name: str) -> None:
    for ascii_only in (True, False):
        text = json.dumps({"a": 1, name: value, "b": [1]}, ensure_ascii=ascii_only)
        masked = _masked(text)
        assert json.loads(masked)[name].startswith("<")
        assert json.dumps(value, ensure_ascii=ascii_only)[1:-1] not in masked
        again = json.dumps(text, ensure_ascii=ascii_only)
        assert json.dumps(json.dumps(value, ensure_ascii=ascii_only)[1:-1], ensure_ascii=ascii_only)[1:-1] not in _masked(again)


@given(VALUES)
def test_any_value_is_found_in_a_dictionary_and_a_query(value: str) -> None:
    assert repr(value) not in _masked(repr({"password": value, "x": value[:2]}))
    query = f"/x?password={quote(value, safe='')}7&page=1"
    assert _masked(query) == "/x?password=<password>&page=1"


@given(st.text("pasword=:\"'\\{}[](),;&%*• \n-eyJBarBEGIN.x/@", max_size=200))
def test_spans_are_in_order_and_apart(text: str) -> None:
    last = 0
    for span in sensitive_spans(text, known_label):
        assert last <= span.start <= span.end <= len(text)
        last = span.end


PIECES = [
    *("a.", "password=", 'password="', "pin=[** ", "pin=None ", "://u:p@", "eyJ", "Bearer ", '\\"', 'password=\\"', "pin: pin: "),
    *("a" * 79 + "=", "pin=pin=", "eyJaaaaaaaaa.", "password:{", '"password": ', "-----BEGIN PRIVATE KEY-----", "\\"),
    *('  File "x", line 1\n    pin=pin=', "\n  File ", "pin['", "password=b", "-", "=", ":", "a=", "token: [", "a://"),
]


@pytest.mark.parametrize("piece", PIECES)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        times = []
        for _ in range(3):
            begin = time.process_time()
            sensitive_spans(text, known_label)
            times.append(time.process_time() - begin)
        return min(times)

    small, large = seconds(20_000), seconds(160_000)
    assert large < 0.05 + 24 * small
