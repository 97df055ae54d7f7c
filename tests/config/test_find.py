"""The configuration that applies is the nearest one, whatever the working directory."""

from pathlib import Path

import pytest

from leaktight.config import ConfigError, find_config, load
from leaktight.model import Audience

OURS = '[tool.leaktight]\naudience = "strict"\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def write(path: Path, text: str = OURS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_nothing_is_defaults(root: Path):
    found = load(root)
    assert found.file is None
    assert found.config.audience is Audience.DEFAULT
    assert found.origins == {}


def test_found_from_a_file_and_a_folder_below(root: Path):
    file = write(root / "pyproject.toml")
    view = write(root / "shop/views.py", "")
    assert find_config(view) == find_config(view.parent) == find_config(root) == file


def test_the_nearest_wins(root: Path):
    write(root / "pyproject.toml")
    near = write(root / "shop/pyproject.toml")
    assert find_config(root / "shop/views.py") == near


def test_a_pyproject_without_our_section_is_skipped_even_when_it_is_broken(root: Path):
    file = write(root / "pyproject.toml")
    write(root / "shop/pyproject.toml", "this is [no toml\n")
    assert find_config(root / "shop") == file


def test_a_file_of_its_own_needs_no_section(root: Path):
    write(root / "leaktight.toml", 'audience = "audit"\n')
    assert load(root).config.audience is Audience.AUDIT


def test_the_search_ends_at_the_repository(root: Path):
    write(root / "pyproject.toml")
    (root / "other/.git").mkdir(parents=True)
    assert find_config(root / "other") is None


def test_found_below_next_to_manage_py(root: Path):
    write(root / "backend/manage.py", "")
    file = write(root / "backend/pyproject.toml")
    write(root / "docs/pyproject.toml")
    assert find_config(root) == file


def test_not_found_below_in_an_environment(root: Path):
    write(root / "venv/manage.py", "")
    write(root / "venv/pyproject.toml")
    assert find_config(root) is None


def test_two_projects_below_cannot_share_one_scan(root: Path):
    for name in ("a", "b"):
        write(root / name / "manage.py", "")
        write(root / name / "pyproject.toml")
    with pytest.raises(ConfigError, match="scan one project at a time"):
        load(root)


def test_a_path_that_is_a_loop_is_no_error(root: Path):
    (root / "loop").symlink_to(root / "loop")
    assert find_config(root / "loop") is None
