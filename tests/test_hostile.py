"""Hostile input: whatever a tree contains, a scan ends, tells what it could not analyse, and shows no traceback.

The measure is one for all: beside the hostile thing lies a planted leak. It is found, or there is a gap for
that file and the exit status is 3; a scan that says nothing about the file has failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import leaktight

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

LEAK = "import logging\nfrom django.shortcuts import render\n\ndef login(request):\n    logging.info(request.POST['password'])\n"
FORM = '<form method="get" action="/login"><input type="password" name="password"></form>\n'
NEST = 10_000


def _deep_parentheses() -> bytes:
    return (LEAK + "x = " + "(" * NEST + ")" * NEST + "\n").encode()


def _deep_blocks() -> bytes:
    return (LEAK + "".join(" " * depth + "if x:\n" for depth in range(NEST)) + " " * NEST + "pass\n").encode()


def _deep_calls() -> bytes:
    return (LEAK + "y = " + "f(" * NEST + ")" * NEST + "\n").encode()


def _long_sum() -> bytes:
    return (LEAK + "y = " + "+".join(["x"] * NEST) + "\n").encode()


def _long_attribute_chain() -> bytes:
    return (LEAK + "y = x" + ".a" * NEST + "\n").encode()


def _long_elif_chain() -> bytes:
    return (LEAK + "if x:\n    pass\n" + "elif x:\n    pass\n" * NEST).encode()


def _wide_function() -> bytes:
    return (
        LEAK + "def f(p):\n" + "".join(f"    v{i} = v{i - 1 if i else 0} + p\n" for i in range(NEST)) + "    return p\n"
    ).encode()


PYTHON = {
    "deep-parentheses": _deep_parentheses,
    "deep-blocks": _deep_blocks,
    "deep-calls": _deep_calls,
    "long-sum": _long_sum,
    "long-attribute-chain": _long_attribute_chain,
    "long-elif-chain": _long_elif_chain,
    "wide-function": _wide_function,
    "line-of-50-megabytes": lambda: LEAK.encode() + b"x = '" + b"a" * 50_000_000 + b"'\n",
    "nul-bytes": lambda: LEAK.encode() + b"x = '\0'\n\0\0\0\n",
    "utf-16": lambda: LEAK.encode("utf-16"),
    "utf-16-without-mark": lambda: LEAK.encode("utf-16-le"),
    "not-utf-8": lambda: LEAK.encode() + b"x = '\xff\xfe\xfa'\n",
    "unknown-encoding": lambda: b"# -*- coding: no-such-thing -*-\n" + LEAK.encode(),
    "utf-7": lambda: b"# -*- coding: utf-7 -*-\n" + LEAK.encode("utf-7"),
    "grammar-of-the-future": lambda: (LEAK + "unless x:\n    frobnicate y\n").encode(),
    "python-2": lambda: (LEAK + "print 'password', password\n").encode(),
    "only-an-open-string": lambda: (LEAK + "x = '''\n").encode(),
    "form-feeds-and-returns": lambda: LEAK.replace("\n", "\r").encode() + b"\x0c\x0b\r\r\n",
    "lone-surrogate": lambda: (LEAK + "x = '\\ud800'\n").encode(),
    "huge-integer": lambda: (LEAK + "x = " + "9" * 100_000 + "\n").encode(),
}

TEMPLATES = {
    "deep-tags": lambda: "{% if x %}" * NEST + FORM + "{% endif %}" * NEST,
    "deep-elements": lambda: "<div>" * NEST + FORM + "</div>" * NEST,
    "many-tags": lambda: "{% now 'Y' %}" * 100_000 + FORM,
    "many-variables": lambda: "{{ x }}" * 100_000 + FORM,
    "many-attributes": lambda: "<p " + " ".join(f"a{i}='{i}'" for i in range(50_000)) + ">" + FORM,
    "include-of-itself": lambda: "{% include 'login.html' %}" + FORM,
    "extends-of-itself": lambda: "{% extends 'login.html' %}{% block a %}" + FORM + "{% endblock %}",
    "unclosed-everything": lambda: FORM + "{% if x %}{% for y in z %}{{ y|default:'<div><p class=\"" + "{{" * 1000,
    "nul-bytes": lambda: "\0\0" + FORM + "\0",
    "line-of-50-megabytes": lambda: "a" * 50_000_000 + FORM,
}


def _must_not_be_silent(root: Path, path: str, run: Run) -> None:
    done = run("scan", root, "--format", "json", "--audience", "audit", cwd=root)
    assert b"Traceback" not in done.stderr, done.stderr.decode()[-2000:]
    output = json.loads(done.stdout)
    gaps = {gap["path"] for gap in output["gaps"]}
    assert path in gaps | {finding["path"] for finding in output["findings"]}, f"status {done.returncode}, nothing about {path}"
    assert done.returncode == (3 if gaps else 1)


@pytest.mark.parametrize("kind", PYTHON)
def test_python(kind: str, tmp_path: Path, run_leaktight: Run) -> None:
    (tmp_path / "views.py").write_bytes(PYTHON[kind]())
    _must_not_be_silent(tmp_path, "views.py", run_leaktight)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_template(kind: str, tmp_path: Path, run_leaktight: Run) -> None:
    template = tmp_path / "shop" / "templates" / "login.html"
    template.parent.mkdir(parents=True)
    template.write_text(TEMPLATES[kind]())
    (tmp_path / "shop" / "views.py").write_text("from django.shortcuts import render\n")
    _must_not_be_silent(tmp_path, "shop/templates/login.html", run_leaktight)


def test_a_cycle_of_includes(tmp_path: Path, run_leaktight: Run) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    for number in range(50):
        (folder / f"t{number}.html").write_text(
            f"{{% include 't{(number + 1) % 50}.html' %}}{{% include 't{(number + 2) % 50}.html' %}}{FORM}"
        )
    _must_not_be_silent(tmp_path, "templates/t49.html", run_leaktight)


def test_a_cycle_of_imports_and_calls(tmp_path: Path, run_leaktight: Run) -> None:
    for here, there in (("a", "b"), ("b", "a")):
        text = f"from {there} import *\nfrom {there} import f as g, C as D\n\nclass C(D):\n    pass\n\ndef f(x):\n    return g(f(x))\n"
        (tmp_path / f"{here}.py").write_text(text + LEAK)
    _must_not_be_silent(tmp_path, "a.py", run_leaktight)


@pytest.mark.parametrize("name", ["views.py", "templates/login.html", "settings.py"])
@pytest.mark.parametrize("kind", ["dangling link", "link to itself", "pipe", "socket"])
def test_a_path_that_is_no_readable_file(name: str, kind: str, tmp_path: Path, run_leaktight: Run) -> None:
    (tmp_path / "manage.py").write_text("import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\n")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    match kind:
        case "dangling link":
            path.symlink_to("nowhere.py")
        case "link to itself":
            path.symlink_to(path.name)
        case "pipe":
            os.mkfifo(path)
        case _:
            subprocess.run(
                [sys.executable, "-c", f"import socket; socket.socket(socket.AF_UNIX).bind({path.name!r})"],
                cwd=path.parent,
                check=True,
            )
    done = run_leaktight("scan", tmp_path, "--format", "json")
    assert b"Traceback" not in done.stderr
    assert done.returncode == 3
    assert name in {gap["path"] for gap in json.loads(done.stdout)["gaps"]}


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses to open it; asked of the system call itself, since root may read everything."""
    (tmp_path / "views.py").write_text(LEAK)
    (tmp_path / "urls.py").write_text("urlpatterns = []\n")
    opened = os.open

    def refuse(path: str, *arguments: int) -> int:
        if str(path).endswith("views.py"):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, *arguments)

    assert leaktight.scan(tmp_path, audience="audit").findings
    monkeypatch.setattr(os, "open", refuse)
    result = leaktight.scan(tmp_path, audience="audit")
    assert result.findings == ()
    assert [(gap.path, "Permission denied" in gap.reason) for gap in result.gaps] == [("views.py", True)]


def test_a_folder_linked_into_itself(tmp_path: Path, run_leaktight: Run) -> None:
    """Every file is seen once, and each link that loops is told."""
    app = tmp_path / "shop"
    app.mkdir()
    (app / "views.py").write_text(LEAK)
    (app / "shop").symlink_to(app, target_is_directory=True)
    (app / "up").symlink_to(tmp_path, target_is_directory=True)
    done = run_leaktight("scan", tmp_path, "--format", "json", "--audience", "audit")
    told = json.loads(done.stdout)
    assert [finding["path"] for finding in told["findings"] if finding["rule"] == "secret-in-log"] == ["shop/views.py"]
    assert [gap["path"] for gap in told["gaps"]] == ["shop/shop", "shop/up"]
    assert done.returncode == 3


def test_a_link_does_not_lead_out_of_the_tree(tmp_path: Path, run_leaktight: Run) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "views.py").write_text(LEAK)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "urls.py").write_text("urlpatterns = []\n")
    (inside / "away").symlink_to(outside, target_is_directory=True)
    done = run_leaktight("scan", inside, "--format", "json", "--audience", "audit")
    told = json.loads(done.stdout)
    assert [finding["path"] for finding in told["findings"]] == []
    assert [gap["path"] for gap in told["gaps"]] == ["away"]


def test_a_folder_called_like_a_file(tmp_path: Path, run_leaktight: Run) -> None:
    (tmp_path / "views.py").mkdir()
    (tmp_path / "views.py" / "real.py").write_text(LEAK)
    _must_not_be_silent(tmp_path, "views.py/real.py", run_leaktight)


@pytest.mark.parametrize("name", ["a\nb.py", "späh\u202egnp.py", "-rf.py", "'; drop.py", "\x1b[31m.py"])
def test_a_name_made_to_confuse(name: str, tmp_path: Path, run_leaktight: Run) -> None:
    (tmp_path / name).write_text(LEAK)
    _must_not_be_silent(tmp_path, name, run_leaktight)
    text = run_leaktight("scan", tmp_path, "--audience", "audit").stdout
    assert b"\x1b[31m" not in text, "a file name must not write to the terminal"


def test_a_name_that_is_no_text(tmp_path: Path, run_leaktight: Run) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.py"
    Path(os.fsdecode(path)).write_text(LEAK)
    done = run_leaktight("scan", tmp_path, "--format", "json", "--audience", "audit")
    assert b"Traceback" not in done.stderr
    assert done.returncode in {1, 3}
    json.loads(done.stdout)


def test_a_project_of_its_own_is_never_run(tmp_path: Path, run_leaktight: Run) -> None:
    """The settings would end the process, and a module here has the name of one that the scanner needs."""
    for name in ("manage", "settings", "msgspec", "ast", "sitecustomize", "leaktight", "conftest"):
        (tmp_path / f"{name}.py").write_text("import pathlib\npathlib.Path('ran').touch()\nraise SystemExit(77)\n")
    (tmp_path / "views.py").write_text(LEAK)
    done = run_leaktight("scan", ".", "--format", "json", "--audience", "audit", cwd=tmp_path, PYTHONSAFEPATH="1")
    assert done.returncode in {1, 3}
    assert not (tmp_path / "ran").exists()


def test_nothing_to_look_at_is_incomplete(tmp_path: Path, run_leaktight: Run) -> None:
    done = run_leaktight("scan", tmp_path, "--format", "json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["findings"] == []
