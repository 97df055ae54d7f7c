"""What a configuration file may say, and what is told about what it may not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.config import Config, ConfigError, Deployment, Effective, TlsEnd, UserLabel, load
from leaktight.config.read import line_of
from leaktight.model import Audience, Severity

WHOLE = """\
[project]
name = "shop"

[tool.leaktight]
settings = ["config.settings.production"]
audience = "strict"
fail-on = "high"
exclude = [
    "legacy/",
    "*.generated.py",
]

[tool.leaktight.labels.health]
models = ["clinic.Visit.diagnosis"]

[tool.leaktight.labels.government-id]
names = ["patient_number"]

[tool.leaktight.deployment]
tls-ends-at = "proxy"
proxy-sets = "X-Forwarded-Proto"
http-redirected-by-proxy = true
"""


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str) -> Effective:
        (tmp_path / ".git").mkdir(exist_ok=True)
        (tmp_path / "pyproject.toml").write_text(text)
        return load(tmp_path)

    return read


@pytest.fixture
def complaint(read, tmp_path: Path):
    def complaint(text: str) -> str:
        with pytest.raises(ConfigError) as caught:
            read(text)
        place, _, message = str(caught.value).partition(": ")
        return f"{place.rpartition('/')[2]}: {message}"

    return complaint


def test_every_key(read):
    assert read(WHOLE).config == Config(
        settings=("config.settings.production",),
        audience=Audience.STRICT,
        fail_on=Severity.HIGH,
        exclude=("legacy/", "*.generated.py"),
        labels={
            "health": UserLabel(models=("clinic.Visit.diagnosis",)),
            "government-id": UserLabel(names=("patient_number",)),
        },
        deployment=Deployment(tls_ends_at=TlsEnd.PROXY, proxy_sets="X-Forwarded-Proto", http_redirected_by_proxy=True),
    )


def test_each_value_knows_its_line(read):
    origins = {key: origin.rpartition(":")[2] for key, origin in read(WHOLE).origins.items()}
    assert origins == {
        "settings": "5",
        "audience": "6",
        "fail-on": "7",
        "exclude": "8",
        "labels.health.models": "14",
        "labels.government-id.names": "17",
        "deployment.tls-ends-at": "20",
        "deployment.proxy-sets": "21",
        "deployment.http-redirected-by-proxy": "22",
    }


def test_an_empty_section_is_defaults(read):
    assert read("[tool.leaktight]\n").config == Config()


def test_the_command_line_is_above_the_file(read):
    found = read(WHOLE).override("--audience", audience=Audience.AUDIT)
    assert found.config.audience is Audience.AUDIT
    assert found.config.fail_on is Severity.HIGH
    assert found.origins["audience"] == "--audience"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("audiense = 'strict'", 'pyproject.toml:2: unknown key "audiense" in [tool.leaktight]; did you mean "audience"?'),
        ("fail_on = 'high'", 'pyproject.toml:2: unknown key "fail_on" in [tool.leaktight]; did you mean "fail-on"?'),
        ("nonsense = 1", 'pyproject.toml:2: unknown key "nonsense" in [tool.leaktight]'),
        (
            "audience = 'strikt'",
            'pyproject.toml:2: audience: "strikt" is not known; did you mean "strict"?; one of: default, strict, audit',
        ),
        ("audience = 3", 'pyproject.toml:2: audience: "3" is not known; one of: default, strict, audit'),
        ("exclude = 'legacy'", "pyproject.toml:2: exclude: expected `array`, got `str`"),
        ("exclude = [\n  1,\n]", "pyproject.toml:2: exclude: expected `str`, got `int` - at `$[0]`"),
        ("settings = ['not a module']", 'pyproject.toml:2: settings: "not a module" is not the dotted name of a module'),
        ("deployment = 'proxy'", "pyproject.toml:2: deployment must be a table"),
        ("labels = ['health']", "pyproject.toml:2: labels must be a table of tables"),
        (
            "[tool.leaktight.deployment]\nproxy-set = 'x'",
            'pyproject.toml:3: unknown key "proxy-set" in [tool.leaktight.deployment]; did you mean "proxy-sets"?',
        ),
        (
            "[tool.leaktight.labels.health]\nmodel = ['x']",
            'pyproject.toml:3: unknown key "model" in [tool.leaktight.labels.health]; did you mean "models"?',
        ),
        (
            "[tool.leaktight.labels.health]",
            'pyproject.toml:2: label "health" needs names or models: nothing else says what it is',
        ),
        (
            "[tool.leaktight.labels.health]\nmodels = ['Visit.diagnosis']",
            'pyproject.toml:3: "Visit.diagnosis" is not a model field: app.Model.field',
        ),
        ("audience = ", "pyproject.toml:2: is not valid TOML: Invalid value (at line 2, column 12)"),
    ],
)
def test_complaints_say_where_and_what_was_meant(complaint, text: str, message: str):
    assert complaint(f"[tool.leaktight]\n{text}\n") == message


def test_a_file_that_is_no_text_is_a_complaint(tmp_path: Path):
    (tmp_path / "leaktight.toml").write_bytes(b'\xff\xfe\x00audience = "strict"')
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load(tmp_path)


def test_a_file_that_is_nested_too_deeply_is_a_complaint(complaint):
    assert "is nested too deeply" in complaint("[tool.leaktight]\nexclude = " + "[" * 10_000 + "]" * 10_000)


def test_a_line_is_that_of_the_key_not_of_a_mention_of_it():
    text = (
        '# audience\n[tool.other]\naudience = 1\nx = """\naudience\n"""\n[tool.leaktight]\nexclude = ["audience"]\naudience = 2\n'
    )
    assert line_of(text, ("tool", "leaktight", "audience")) == 9
    assert line_of(text, ("tool", "leaktight", "fail-on")) == 0


@given(st.lists(st.text("ab#\n\"'=[].", max_size=12), max_size=5))
def test_finding_a_line_never_fails(lines: list[str]):
    assert 0 <= line_of("\n".join(lines), ("a", "b")) <= 70
