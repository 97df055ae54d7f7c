"""Deployment files: what is read from them, what they are for, what a value is, and what hostile ones do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.model import Gap
from leaktight.project.deployment import DeploymentFile, Literal, deployment_files, literal_of
from leaktight.project.deployment.literals import default_of
from leaktight.project.deployment.servers import is_reachable
from leaktight.project.environment import Environment
from leaktight.source.deployment.blocks import read_apache, read_caddy, read_nginx
from leaktight.source.deployment.dockerfile import read_dockerfile, variables_of
from leaktight.source.deployment.yaml_nodes import read_yaml
from leaktight.source.files import Role, Tree

MADE = "k3Jx9-Qm2Vw7Tz5Rb8Ld"


def _files(tmp_path: Path, texts: dict[str, str]) -> tuple[dict[str, DeploymentFile], list[Gap]]:
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found, gaps = deployment_files(Tree(tmp_path), (Role.APP,))
    return {file.path: file for file in found}, gaps


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, Literal.HANDED_IN),
        ("", Literal.HANDED_IN),
        ("$SECRET", Literal.HANDED_IN),
        ("${SECRET:?needed}", Literal.HANDED_IN),
        ("/run/secrets/key", Literal.HANDED_IN),
        ("<your key>", Literal.HANDED_IN),
        ("arn:aws:secretsmanager:eu:1:secret:x", Literal.HANDED_IN),
        ("postgres", Literal.TRIVIAL),
        ("********", Literal.TRIVIAL),
        ("20240101", Literal.TRIVIAL),
        ("change_me_please", Literal.PLACEHOLDER),
        ("your-secret-key-9f3A", Literal.PLACEHOLDER),
        ("applepie", Literal.CHOSEN),
        ("correct horse battery staple", Literal.CHOSEN),
        (MADE, Literal.MADE),
        ("9f86d081884c7d659a2feaa0c55ad015", Literal.MADE),
        ("ghp_" + "a" * 36, Literal.MADE),
    ],
)
def test_what_a_value_is(value: str | None, expected: Literal) -> None:
    assert literal_of(value) is expected


def test_a_default_in_a_reference_is_a_value_of_the_file() -> None:
    assert default_of("${KEY:-abc}") == "abc"
    assert default_of("${KEY-abc}") == "abc"
    assert default_of("${KEY}") is None
    assert default_of("${KEY:?abc}") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Dockerfile", Environment.UNKNOWN),
        ("docker/Dockerfile.prod", Environment.PRODUCTION),
        ("docker/Dockerfile.dev", Environment.DEVELOPMENT),
        (".devcontainer/Dockerfile", Environment.DEVELOPMENT),
        ("compose/local/Dockerfile", Environment.DEVELOPMENT),
        ("docker-compose.yml", Environment.UNKNOWN),
        ("docker-compose.override.yml", Environment.DEVELOPMENT),
        ("docker-compose.ci.yml", Environment.TEST),
        (".github/compose.yml", Environment.TEST),
        (".env", Environment.UNKNOWN),
        (".env.example", Environment.DEVELOPMENT),
        ("local.env", Environment.DEVELOPMENT),
        (".env.production", Environment.PRODUCTION),
    ],
)
def test_what_a_file_is_for(tmp_path: Path, path: str, expected: Environment) -> None:
    files, _ = _files(tmp_path, {path: "services: {}\n" if path.endswith("yml") else "FROM scratch\n"})
    assert files[path].environment is expected
    assert bool(files[path].reason) is (expected is not Environment.UNKNOWN)


def test_instructions_over_several_lines_keep_their_places() -> None:
    text = 'FROM a\nENV ONE=1 \\\n# about two\n    TWO="2 3" \\\n\n    THREE=3\nRUN <<EOF\nENV FOUR=4\nEOF\nENV FIVE 5 6\n'
    found = list(variables_of(read_dockerfile(text)))
    assert [(v.name, v.value, v.place.line, v.place.column) for v in found] == [
        ("ONE", "1", 2, 5),
        ("TWO", "2 3", 4, 5),
        ("THREE", "3", 6, 5),
        ("FIVE", "5 6", 10, 5),
    ]


def test_aliases_that_stand_for_billions_are_walked_within_a_budget(tmp_path: Path) -> None:
    levels = "".join(f"  s{n}: &s{n}\n    <<: [{', '.join([f'*s{n - 1}'] * 9)}]\n" for n in range(1, 30))
    started = time.process_time()
    files, gaps = _files(tmp_path, {"compose.yml": "services:\n  s0: &s0\n    environment: {A_PASSWORD: x}\n" + levels})
    assert time.process_time() - started < 5
    assert not gaps
    assert files["compose.yml"].variables


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "a: b: c", "a: [", "\t- a", "!!python/object:os.system {}"]
)
def test_hostile_yaml_gives_a_gap_or_nodes(text: str) -> None:
    read = read_yaml(text, "compose.yml")
    assert isinstance(read, Gap) is not text.startswith("!!")


def test_a_broken_compose_file_is_a_gap_and_a_template_of_one_is_not(tmp_path: Path) -> None:
    files, gaps = _files(
        tmp_path, {"compose.yml": "services: [", "x/docker-compose.yml": "{% if a %}\nservices: [{{ b }}\n{% endif %}\n"}
    )
    assert not files
    assert [gap.path for gap in gaps] == ["compose.yml"]


@pytest.mark.parametrize("line", ["ENV A_PASSWORD=", "A_PASSWORD=", "ENV A_PASSWORD ", "ENV A=\\\n"])
def test_a_long_dockerfile_takes_little_time(line: str) -> None:
    text = f"FROM a\n{line}" + '"\\' * 60_000 + "\n"
    started = time.process_time()
    list(variables_of(read_dockerfile(text)))
    assert time.process_time() - started < 2


@pytest.mark.parametrize("address", ["80", "*:80", "[::]:80", "0.0.0.0:80", "10.0.0.1:80"])
def test_addresses_others_can_reach(address: str) -> None:
    assert is_reachable(address)


@pytest.mark.parametrize("address", ["127.0.0.1:80", "localhost:80", "[::1]:80", "unix:/run/a.sock"])
def test_addresses_of_the_machine_itself(address: str) -> None:
    assert not is_reachable(address)


def test_directives_keep_their_places() -> None:
    (server,) = read_nginx(
        "# a\nserver { listen 80; # b\n  log_format x \"a b\"\n  'c;' ${d}e;\n  location ~ ^/a\\{1 { x; }\n}\n"
    )
    assert [(one.name, one.arguments, one.place.line, one.place.column) for one in server.inside] == [
        ("listen", ("80",), 2, 10),
        ("log_format", ("x", "a b", "c;", "${d}e"), 3, 3),
        ("location", ("~", "^/a\\{1"), 5, 3),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{" * 100_000,
        "a {" * 40_000,
        "}" * 100_000,
        '"' * 100_001,
        "a;" * 60_000,
        "\\" * 100_001,
        "${" * 60_000,
        "{{" * 60_000,
    ],
)
@pytest.mark.parametrize("read", [read_nginx, read_caddy, read_apache])
def test_hostile_configurations_take_little_time(read: Callable[[str], object], text: str) -> None:
    started = time.process_time()
    read(text)
    read(text.replace("{", "{\n"))
    assert time.process_time() - started < 5
