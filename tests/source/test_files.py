"""Files under a root: which are found, what they are for, and what can't be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.model import Gap
from leaktight.source.files import MAX_PYTHON, Kind, Role, Tree

Project = Callable[[dict[str, str]], Path]


def roles(tree: Tree) -> dict[str, str]:
    return {file.path: str(file.role) for file in tree.files}


def paths(tree: Tree) -> list[str]:
    return [file.path for file in tree.files]


def test_files_come_sorted_with_kind_and_role(project: Project) -> None:
    tree = Tree(
        project(
            {
                "shop/views.py": "",
                "shop/templates/shop/mail.txt": "",
                "shop/templates/base.html": "",
                "readme.txt": "",
                "shop/tests/test_views.py": "",
                "shop/migrations/0001_initial.py": "",
                "shop/migrations/__init__.py": "",
            }
        )
    )
    assert [(file.path, str(file.kind), str(file.role)) for file in tree.files] == [
        ("readme.txt", "other", "app"),
        ("shop/migrations/0001_initial.py", "python", "migration"),
        ("shop/migrations/__init__.py", "python", "migration"),
        ("shop/templates/base.html", "template", "app"),
        ("shop/templates/shop/mail.txt", "template", "app"),
        ("shop/tests/test_views.py", "python", "test"),
        ("shop/views.py", "python", "app"),
    ]
    assert [file.path for file in tree.of(Kind.PYTHON, Role.APP)] == ["shop/views.py"]
    assert "shop/views.py" in tree
    assert tree.get("shop/none.py") is None


@pytest.mark.parametrize(
    "path",
    ["tests/helpers.py", "shop/test_login.py", "shop/login_test.py", "conftest.py", "shop/factories.py", "shop/tests.py",
     "e2e/steps.py", "shop/templates/tests/page.html"],
)  # fmt: skip
def test_tests_are_told_apart(project: Project, path: str) -> None:
    assert roles(Tree(project({path: ""})))[path] == "test"


@pytest.mark.parametrize(
    "path", ["shop/contest.py", "shop/testimonials.py", "attestation/views.py", "shop/latest.py", "shop/protest/views.py"]
)
def test_what_only_sounds_like_a_test_is_application(project: Project, path: str) -> None:
    assert roles(Tree(project({path: ""})))[path] == "app"


def test_an_application_called_like_a_role_is_an_application(project: Project) -> None:
    tree = Tree(
        project(
            {
                "vendors/models.py": "",
                "vendors/views.py": "",
                "docs/apps.py": "",
                "lab/tests/apps.py": "",
                "lab/tests/views.py": "",
                "lab/tests/migrations/0001_initial.py": "",
            }
        )
    )
    assert {path: role for path, role in roles(tree).items() if "migrations" not in path} == {
        "docs/apps.py": "app",
        "lab/tests/apps.py": "app",
        "lab/tests/views.py": "app",
        "vendors/models.py": "app",
        "vendors/views.py": "app",
    }


def test_what_stands_in_for_others_is_of_tests(project: Project) -> None:
    paths = [
        "profiles/github_mock/server.py",
        "mocks/bank.py",
        "shop/mock-bank/pay.py",
        "bin/make_test_data.py",
        "shop/templates/mock_bank/pay.html",
    ]
    others = ["shop/mockups/views.py", "shop/hammock/models.py"]
    found = roles(Tree(project(dict.fromkeys([*paths, *others], ""))))
    assert {found[path] for path in paths} == {"test"}
    assert {found[path] for path in others} == {"app"}


def test_code_of_others_is_vendored(project: Project) -> None:
    tree = Tree(
        project(
            {
                "vendor/lib/core.py": "",
                "shop/third_party/models.py": "",
                "vendor-local/lib/python/requests/api.py": "",
                "vendor_portal/forms.py": "",
                "vendor_lib/views.py": "",
                "dist/django/views.py": "",
                "dist/__init__.py": "",
                "dist/Django-5.2.dist-info/RECORD": "",
                "proto/order_pb2.py": "",
            }
        )
    )
    assert roles(tree) == {
        "dist/Django-5.2.dist-info/RECORD": "vendored",
        "dist/__init__.py": "vendored",
        "dist/django/views.py": "vendored",
        "proto/order_pb2.py": "generated",
        "shop/third_party/models.py": "app",
        "vendor-local/lib/python/requests/api.py": "vendored",
        "vendor/lib/core.py": "vendored",
        "vendor_lib/views.py": "app",
        "vendor_portal/forms.py": "app",
    }


def test_a_migrations_folder_without_numbers_is_application(project: Project) -> None:
    assert roles(Tree(project({"shop/migrations/run.py": ""}))) == {"shop/migrations/run.py": "app"}


def test_roles_are_judged_below_the_root_only(project: Project) -> None:
    root = project({"tests/shop/views.py": "", "tests/test_views.py": ""})
    assert roles(Tree(root / "tests"))["shop/views.py"] == "app"
    alone = Tree(root / "tests" / "test_views.py")
    assert alone.alone
    assert roles(alone) == {"test_views.py": "app"}
    assert alone.read("test_views.py") == b""


def test_a_template_alone_is_a_template(project: Project) -> None:
    root = project({"shop/templates/mail.txt": "hello"})
    assert Tree(root / "shop/templates/mail.txt").files[0].kind is Kind.TEMPLATE


def test_environments_caches_and_output_are_skipped(project: Project) -> None:
    tree = Tree(
        project(
            {
                "env/pyvenv.cfg": "",
                "env/lib/x.py": "",
                "node_modules/a/b.py": "",
                "shop/locale/de/LC_MESSAGES/django.po": "",
                "shop/locale/de/formats.py": "",
                ".git/hooks/pre.py": "",
                "__pycache__/x.py": "",
                "build/lib/x.py": "",
                "shop.egg-info/x.py": "",
                "shop/build/__init__.py": "",
                "shop/env/views.py": "",
            }
        )
    )
    assert paths(tree) == ["shop/build/__init__.py", "shop/env/views.py", "shop/locale/de/formats.py"]
    skipped = (".git", "__pycache__", "build", "env", "node_modules", "shop.egg-info", "shop/locale/de/LC_MESSAGES")
    assert tree.skipped == skipped


def test_patterns_of_the_user_are_left_out(project: Project) -> None:
    root = project({"shop/views.py": "", "shop/old/views.py": "", "legacy.py": ""})
    assert paths(Tree(root, exclude=["old/", "/legacy.py"])) == ["shop/views.py"]


def test_links_are_never_followed(project: Project, tmp_path: Path) -> None:
    root = project({"shop/views.py": ""})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("")
    (root / "loop").symlink_to(root)
    (root / "away").symlink_to(outside)
    (root / "gone.py").symlink_to(tmp_path / "nowhere")
    (root / "again").symlink_to(root / "shop")
    (root / ".#views.py").symlink_to("user@host.1234")
    (root / "notes.txt").symlink_to(outside / "secret.py")
    tree = Tree(root)
    assert paths(tree) == ["shop/views.py"]
    assert [(gap.path, gap.reason.partition(";")[0]) for gap in tree.gaps] == [
        ("away", "is a link that leads out of the scanned folder"),
        ("gone.py", "is a link that leads nowhere (No such file or directory)"),
        ("loop", "is a link to a folder that holds it"),
    ]


def test_a_link_to_itself_is_a_gap(project: Project) -> None:
    root = project({})
    root.mkdir(exist_ok=True)
    (root / "self.py").symlink_to(root / "self.py")
    assert [gap.path for gap in Tree(root).gaps] == ["self.py"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x = 1\0", "holds NUL bytes"),
        ("x = 1\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"x = '\xff'\n", "is not utf-8 text (line 1); save it as UTF-8"),
        (b"x = '" + b"a" * 1_100_000 + b"'\n", "has a line of more than 1 000 000 bytes"),
        (b"#\n" * (MAX_PYTHON // 2 + 1), "is larger than 4096 KiB"),
        (b"# coding: klingon\nx = 1\n", "names an encoding Python can't read"),
        (b"# coding: rot13\nx = 1\n", "names an encoding Python can't read"),
    ],
    ids=["nul", "utf-16", "bytes", "line", "size", "codec", "not-text"],
)
def test_what_can_not_be_analysed_is_a_gap_that_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "views.py").write_bytes(data)
    gap = Tree(tmp_path).read("views.py")
    assert isinstance(gap, Gap)
    assert gap.path == "views.py"
    assert gap.reason.startswith(reason)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x = 1",
        "x = 'é'\n".encode(),
        b"\xef\xbb\xbfx = 1\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b"x = 1\r\n",
        b"x = '\x0c'\n",
    ],
)
def test_ordinary_files_are_read_as_they_are(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "views.py").write_bytes(data)
    assert Tree(tmp_path).read("views.py") == data


def test_a_template_must_be_utf_8_whatever_it_says(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"# coding: latin-1\n\xe9")
    gap = Tree(tmp_path).read("page.html")
    assert isinstance(gap, Gap)
    assert gap.reason == "is not utf-8 text (line 2); save it as UTF-8"


def test_a_file_that_vanishes_or_is_a_pipe_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "views.py").write_text("x = 1")
    tree = Tree(tmp_path)
    (tmp_path / "views.py").unlink()
    assert isinstance(tree.read("views.py"), Gap)
    os.mkfifo(tmp_path / "views.py")
    gap = tree.read("views.py")
    assert isinstance(gap, Gap)
    assert "not a regular file" in gap.reason
    assert paths(Tree(tmp_path)) == []


def test_a_name_that_is_no_text_is_a_gap_that_can_be_printed(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py"))).write_text("x = 1")
    tree = Tree(tmp_path)
    assert tree.files == ()
    assert tree.gaps[0].path.encode("utf-8")


def test_a_parsed_file_is_remembered(project: Project) -> None:
    tree = Tree(project({"settings.py": "DEBUG = True\n"}))
    assert tree.parse("settings.py") is tree.parse("settings.py")


def test_html_that_is_served_as_it_lies_is_no_template_but_code_beside_it_is_code(tmp_path: Path) -> None:
    for path in ("shop/static/demo/index.html", "public/orders/views.py", "shop/templates/static/help.html", "shop/media.html"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    roles = {file.path: file.role for file in Tree(tmp_path).files}
    assert roles == {
        "shop/static/demo/index.html": Role.STATIC,
        "public/orders/views.py": Role.APP,
        "shop/templates/static/help.html": Role.APP,
        "shop/media.html": Role.APP,
    }
