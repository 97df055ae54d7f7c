"""Which hosts a cleartext URL may name, and the tricks that do not pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.policy import is_safe_host


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://localhost/", "loopback"),
        ("http://localhost:8000/path?x=1#y", "loopback"),
        ("http://LOCALHOST", "loopback"),
        ("http://localhost./", "loopback"),
        ("http://shop.localhost:3000", "loopback"),
        ("localhost", "loopback"),
        ("localhost:6379", "loopback"),
        ("//localhost/x", "loopback"),
        ("redis://localhost:6379/0", "loopback"),
        ("amqp://guest:guest@localhost//", "loopback"),
        ("http://127.0.0.1:9000", "loopback"),
        ("http://127.9.9.9", "loopback"),
        ("http://127.1/", "loopback"),
        ("http://0x7f.0.0.1/", "loopback"),
        ("http://0x7f000001/", "loopback"),
        ("http://2130706433/", "loopback"),
        ("http://0177.0.0.1/", "loopback"),
        ("http://017700000001/", "loopback"),
        ("http://[::1]:8080/", "loopback"),
        ("http://[0:0:0:0:0:0:0:1]/", "loopback"),
        ("http://[::ffff:127.0.0.1]/", "loopback"),
        ("::1", "loopback"),
        ("http://anyone@localhost/", "loopback"),
        ("http://attacker.net@localhost/", "loopback"),
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("http://169.254.170.2/", "metadata"),
        ("http://100.100.100.200/", "metadata"),
        ("http://metadata.google.internal/computeMetadata/v1/", "metadata"),
        ("http://metadata/", "metadata"),
        ("http://[fd00:ec2::254]/", "metadata"),
        ("http://example.com/", "documentation"),
        ("http://api.example.org/v1", "documentation"),
        ("http://203.0.113.7/", "documentation"),
        ("http://[2001:db8::1]/", "documentation"),
        ("http://shop.example/", "reserved"),
        ("http://service.test:80/", "reserved"),
        ("http://nowhere.invalid", "reserved"),
        ("http://localhost.attacker.example/", "reserved"),
        ("http://payments.default.svc.cluster.local/", "cluster-local"),
        ("http://payments.default.svc", "cluster-local"),
        ("http://host.docker.internal:8000", "cluster-local"),
        ("http://web:8000/", "single-label"),
        ("redis", "single-label"),
        ("redis:6379", "single-label"),
        ("http://my_service/", "single-label"),
        ("http://www.w3.org/2000/svg", "namespace"),
        ("http://schemas.xmlsoap.org/soap/envelope/", "namespace"),
        ("http://schemas.microsoft.com/office", "namespace"),
        ("http://www.google.com/schemas/sitemap/0.84", "namespace"),
        ("http://json-schema.org/draft-07/schema#", "namespace"),
    ],
)
def test_safe(text: str, reason: str) -> None:
    assert is_safe_host(text) == reason


@pytest.mark.parametrize(
    "text",
    [
        "http://shop.net/",
        "http://localhost.attacker.net/",
        "http://127.0.0.1.attacker.net/",
        "http://127.0.0.1.nip.io/",
        "http://localhost-attacker.net/",
        "http://notlocalhost.net/",
        "http://example.com.attacker.net/",
        "http://www.w3.org.attacker.net/",
        "http://attacker.net/localhost",
        "http://attacker.net/?host=localhost",
        "http://attacker.net#localhost",
        "http://localhost@attacker.net/",
        "http://localhost:80@attacker.net/",
        "http://localhost;@attacker.net/",
        "http://user:127.0.0.1@attacker.net/",
        "http://attacker.net\\@localhost/",
        "http://localhost\\.attacker.net/",
        "http://localhost%2eattacker.net/",
        "http://localhost%00.attacker.net/",
        "http://localhost\t.attacker.net/",
        "http://local host/",
        "http://[::1]attacker.net/",
        "http://[::1].attacker.net/",
        "http://[::1]@attacker.net/",
        "http://[attacker.net]/",
        "http://[2606:4700::1111]/",
        "http://::1/",
        "2606:4700::1111",
        "http://10.0.0.5/",
        "http://192.168.1.10:8000/",
        "http://172.16.0.1",
        "http://0.0.0.0:8000/",
        "http://8.8.8.8/",
        "http://134744072/",
        "http://0x08080808/",
        "http://999.1.1.1/",
        "http://127.0.0.08/",
        "http://1.2.3.4.5/",
        "http://127.0.0.256/",
        "http://service.internal/",
        "http://printer.local/",
        "http://www.google.com/",
        "http://api.w3.org/",
        "http://{host}/",
        "http://{}:8000/",
        "http://%s/",
        "http://$HOST/",
        "http://",
        "http:///path",
        "http://:8000/",
        "http://.localhost.net",
        "http://a..b/",
        "http://-a/",
        "mailto:someone",
        "http:localhost",
        "",
        " ",
        "http://ｌocalhost/",
        "http://localhost。attacker.net/",
    ],
)
def test_not_safe(text: str) -> None:
    assert is_safe_host(text) is None


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert is_safe_host(text) is None or isinstance(is_safe_host(text), str)


@given(st.from_regex(r"\A[a-z0-9.@:\[\]\\/?#;-]{0,20}\Z"))
def test_what_stands_before_a_real_domain_does_not_make_it_safe(front: str) -> None:
    """A browser goes to attacker.net, unless a `/`, `?`, `#` or `\\` ended the host before it."""
    if not set(front) & set("/?#\\"):
        assert is_safe_host(f"http://{front}@attacker.net/") is None
        assert is_safe_host(f"http://{front}.attacker.net/") is None


@given(st.integers(0, 2**24 - 1))
def test_every_spelling_of_a_loopback_address_is_one(low: int) -> None:
    number = (127 << 24) + low
    parts = [127, low >> 16, low >> 8 & 255, low & 255]
    for host in (".".join(map(str, parts)), str(number), hex(number), f"0{number:o}", f"127.{low}", ".".join(map(hex, parts))):
        assert is_safe_host(f"http://{host}/") == "loopback"
