"""Settings spread over modules: star imports, packages, optional overrides, included files, helpers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.model import Certainty
from leaktight.project.discovery import discover
from leaktight.project.environment import Environment
from leaktight.project.modules import Modules
from leaktight.project.settings import UNKNOWN, Settings, load_all, load_settings
from leaktight.source.files import Tree

Resolve = Callable[..., Settings]
Project = Callable[[dict[str, str]], Path]

BASE = 'ROOT_URLCONF = "urls"\nDATABASES = {}\nX = ["a"]\nDEBUG = True\n_PRIVATE = 1\n'


def project_of(**texts: str) -> dict[str, str]:
    named = {f"conf/settings/{name}.py": text for name, text in texts.items()}
    return {"manage.py": "", "conf/__init__.py": "", "conf/settings/__init__.py": "", "conf/settings/base.py": BASE, **named}


@pytest.mark.parametrize(
    "statement",
    [
        "from .base import *",
        "from conf.settings.base import *",
        "from conf.settings.base import X, DEBUG",
        "from . import base\nX = base.X",
        "from conf.settings import base\nX = base.X",
        "import conf.settings.base\nX = conf.settings.base.X",
        "import conf.settings.base as base\nX = base.X",
        "import importlib\nX = importlib.import_module('conf.settings.base').X",
        "import importlib\nglobals().update(vars(importlib.import_module('conf.settings.base')))",
        "from .base import *\nfrom .base import *",
        "from . import base\nfor name in dir(base):\n    if name.isupper():\n        globals()[name] = getattr(base, name)",
    ],
)
def test_what_other_modules_set_is_brought_over(resolve: Resolve, statement: str) -> None:
    settings = resolve(project_of(production=f"{statement}\nINSTALLED_APPS = ['x']\nROOT_URLCONF = 'urls'\nX = X + ['b']\n"))
    assert settings.path == "conf/settings/production.py"
    assert settings.get("X").value == ["a", "b"]
    assert settings.incomplete == ()


def test_the_way_over_a_star_import_is_told(resolve: Resolve) -> None:
    settings = resolve(project_of(production="from .base import *\nDEBUG = False\n"))
    inherited, changed = settings.get("X"), settings.get("DEBUG")
    assert inherited.span is not None
    assert (inherited.span.path, inherited.span.line) == ("conf/settings/base.py", 3)
    assert [(step.span.path, step.note) for step in inherited.chain] == [
        ("conf/settings/production.py", "star-imported from conf/settings/base.py")
    ]
    assert (changed.value, changed.certainty) == (False, Certainty.KNOWN)
    assert changed.span is not None
    assert changed.span.path == "conf/settings/production.py"
    assert [(step.span.path, step.span.line) for step in changed.chain] == [
        ("conf/settings/production.py", 1),
        ("conf/settings/base.py", 4),
    ]


def test_private_names_and_unlisted_ones_stay_where_they_are(resolve: Resolve) -> None:
    settings = resolve(
        project_of(part="__all__ = ['Y']\nY = 1\nZ = 2\n", production="from .base import *\nfrom .part import *\n")
    )
    assert "_PRIVATE" not in settings.names()
    assert settings.get("Y").value == 1
    assert settings.get("Z").certainty is Certainty.ABSENT


def test_a_package_is_its_init(resolve: Resolve) -> None:
    files = {
        "conf/settings/__init__.py": "from .base import *\nfrom .parts.logs import *\n",
        "conf/settings/parts/logs.py": "LOGGING = {'version': 1}\n",
    }
    settings = resolve(
        {
            "manage.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'conf.settings'\n",
            "conf/settings/base.py": BASE,
            **files,
        }
    )
    assert settings.module == "conf.settings"
    assert settings.get("LOGGING").value == {"version": 1}


@pytest.mark.parametrize(
    "statement",
    [
        "try:\n    from .local import *\nexcept ImportError:\n    pass\n",
        "try:\n    from conf.settings.local import *\nexcept (ImportError, AttributeError):\n    pass\n",
        "try:\n    from local_settings import *\nexcept ModuleNotFoundError:\n    pass\n",
    ],
)
def test_an_optional_override_that_is_not_there_may_change_what_is_set_above_it(resolve: Resolve, statement: str) -> None:
    settings = resolve(project_of(production="from .base import *\nDEBUG = False\n" + statement))
    assert settings.get("DEBUG").value is False
    assert settings.get("DEBUG").certainty is Certainty.DEFAULTED
    assert "local" in (settings.get("DEBUG").env or "")
    assert settings.get("SESSION_COOKIE_SECURE").certainty is Certainty.ABSENT
    assert settings.incomplete == ()


@pytest.mark.parametrize(
    "statement", ["from .local import *\n", "import os\nif os.path.exists('local.py'):\n    from .local import *\n"]
)
def test_a_module_that_is_not_there_and_may_be_needed_is_a_gap(resolve: Resolve, statement: str) -> None:
    settings = resolve(project_of(production="from .base import *\nDEBUG = False\n" + statement))
    assert [gap.path for gap in settings.incomplete] == ["conf/settings/production.py"]
    assert "not in the scanned tree" in settings.incomplete[0].reason


def test_an_optional_override_that_is_there_counts(resolve: Resolve) -> None:
    production = "from .base import *\ntry:\n    from .secrets_prod import *\nexcept ImportError:\n    X = None\n"
    settings = resolve(project_of(production=production, secrets_prod="X = ['c']\n"))
    assert settings.get("X").value == ["c"]
    assert settings.incomplete == ()


def test_what_a_missing_override_falls_back_to(resolve: Resolve) -> None:
    settings = resolve(
        project_of(production="from .base import *\ntry:\n    from .local import KEY\nexcept ImportError:\n    KEY = 'x'\n")
    )
    assert settings.get("KEY").value == "x"


def test_a_library_that_may_be_installed_leaves_both_ways_open(resolve: Resolve) -> None:
    settings = resolve(
        project_of(
            production="from .base import *\ntry:\n    import debug_toolbar\n    X.append('debug_toolbar')\nexcept ImportError:\n    pass\n"
        )
    )
    value = settings.get("X")
    assert value.value == ["a", UNKNOWN]
    assert value.certainty is Certainty.KNOWN
    assert settings.incomplete == ()


def test_pythons_own_library_is_always_there(resolve: Resolve) -> None:
    text = "from .base import *\ntry:\n    import tomllib\nexcept ImportError:\n    X = ['b']\nelse:\n    X = ['c']\n"
    assert resolve(project_of(production=text)).get("X").value == ["c"]


def test_what_follows_when_nothing_fails_is_joined_with_what_follows_when_it_does(resolve: Resolve) -> None:
    text = "from .base import *\ntry:\n    import raven\nexcept ImportError:\n    Y = 'a'\nelse:\n    Y = 'b'\n"
    value = resolve(project_of(production=text)).get("Y")
    assert value.certainty is Certainty.UNKNOWN
    assert [other.value for other in value.alternatives] == ["b", "a"]


def test_settings_of_a_library_are_noted(resolve: Resolve) -> None:
    settings = resolve(project_of(production="from company.settings import *\nfrom .base import *\n"))
    assert [gap.reason for gap in settings.incomplete] == ["settings from `company.settings` are not in the scanned tree"]


def test_djangos_own_defaults_are_no_gap(resolve: Resolve) -> None:
    assert resolve(project_of(production="from django.conf.global_settings import *\nfrom .base import *\n")).incomplete == ()


def test_a_module_that_does_not_parse_is_a_gap(resolve: Resolve) -> None:
    settings = resolve(project_of(production="from .base import *\nfrom .broken import *\n", broken="x = = 1\n"))
    assert settings.get("X").value == ["a"]
    assert [(gap.path, gap.line) for gap in settings.incomplete] == [("conf/settings/broken.py", 1)]


def test_modules_that_need_each_other_end(resolve: Resolve) -> None:
    settings = resolve(
        project_of(
            production="from .base import *\nfrom .one import *\n",
            one="A = 1\nfrom .two import *\n",
            two="from .one import *\nB = A + 1\n",
        )
    )
    assert (settings.get("A").value, settings.get("B").value) == (1, 2)


def test_helpers_of_the_project_are_followed(resolve: Resolve) -> None:
    helper = "import os\n\ndef flag(name, default):\n    return os.environ.get(name, default) == 'yes'\n"
    settings = resolve(
        {
            **project_of(production="from .base import *\nfrom shop.helpers import flag\nY = flag('A', 'yes')\n"),
            "shop/helpers.py": helper,
        }
    )
    assert (settings.get("Y").value, settings.get("Y").env) == (True, "A")


def test_a_gap_of_a_helper_is_none_of_the_settings(resolve: Resolve) -> None:
    settings = resolve(
        {
            **project_of(production="from .base import *\nfrom shop.names import NAME\nY = NAME\n"),
            "shop/names.py": "from company import *\nNAME = 'a'\n",
        }
    )
    assert settings.get("Y").value == "a"
    assert settings.incomplete == ()


# -- split settings ------------------------------------------------------------------------------


def test_included_files_share_one_namespace(resolve: Resolve) -> None:
    settings = resolve(
        {
            "manage.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'conf.settings'\n",
            "conf/settings/__init__.py": "import os\nfrom split_settings.tools import include, optional\n"
            "ENV = os.environ.get('DJANGO_ENV', 'development')\n"
            "include('parts/*.py', f'environments/{ENV}.py', optional('local.py'), scope=globals())\n",
            "conf/settings/parts/common.py": BASE,
            "conf/settings/parts/more.py": "X = X + ['b']\n",
            "conf/settings/environments/production.py": "DEBUG = False\n",
            "conf/settings/environments/development.py": "DEBUG = True\n",
        }
    )
    assert settings.get("X").value == ["a", "b"]
    assert settings.get("DEBUG").value is False
    span = settings.get("DEBUG").span
    assert span is not None
    assert span.path == "conf/settings/environments/production.py"
    assert [gap.reason for gap in settings.incomplete] == [
        "settings included from `conf/settings/local.py` are not in the scanned tree"
    ]


def test_the_environment_chooses_the_module_that_is_imported(resolve: Resolve) -> None:
    settings = resolve(
        {
            **project_of(production="DEBUG = False\n", development="DEBUG = True\n"),
            "conf/settings/__init__.py": "import os\nfrom importlib import import_module\nfrom .base import *\n"
            "module = import_module('conf.settings.' + os.environ.get('STAGE', 'development'))\nDEBUG = module.DEBUG\n",
            "conf/wsgi.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'conf.settings'\n",
        }
    )
    assert settings.module == "conf.settings"
    assert settings.get("DEBUG").value is False


# -- loading -------------------------------------------------------------------------------------


def test_every_module_is_loaded_in_its_own_environment(project: Project) -> None:
    tree = Tree(project(project_of(production="from .base import *\nDEBUG = False\n", local="from .base import *\n")))
    (site,) = discover(tree)
    assert [(settings.module, str(settings.environment), settings.get("DEBUG").value) for settings in load_all(tree, site)] == [
        ("conf.settings.base", "unknown", True),
        ("conf.settings.local", "development", True),
        ("conf.settings.production", "production", False),
    ]


def test_a_module_may_be_asked_for(project: Project) -> None:
    tree = Tree(project(project_of(production="from .base import *\nDEBUG = False\n", local="from .base import *\n")))
    (site,) = discover(tree)
    chosen = load_settings(tree, site, module="conf.settings.local")
    assert chosen is not None
    assert (chosen.path, chosen.environment) == ("conf/settings/local.py", Environment.PRODUCTION)
    assert load_settings(tree, site, module="conf.settings.nosuch") is None
    assert load_settings(tree, site, environment=Environment.TEST) is None


# -- names of modules ----------------------------------------------------------------------------


def test_names_mean_files(project: Project) -> None:
    tree = Tree(
        project(
            {
                "backend/manage.py": "",
                "backend/shop/__init__.py": "",
                "backend/shop/logging.py": "",
                "backend/shop/views.py": "",
                "backend/config/settings/base.py": "",
                "backend/config/settings/logging.py": "",
                "lib/src/tool/__init__.py": "",
                "lib/setup.py": "",
            }
        )
    )
    modules = Modules(tree)
    importer = "backend/shop/views.py"
    assert modules.resolve("shop.views", importer) == "backend/shop/views.py"
    assert modules.resolve("shop", importer) == "backend/shop/__init__.py"
    assert modules.resolve("views", importer, level=1) == "backend/shop/views.py"
    assert modules.resolve("", importer, level=1) == "backend/shop/__init__.py"
    assert modules.resolve("config.settings.base", importer) == "backend/config/settings/base.py"
    assert modules.resolve("tool", "lib/setup.py") == "lib/src/tool/__init__.py"
    # A sibling in a package is not what an absolute import means, and nothing shadows Python's library.
    assert modules.resolve("views", importer) is None
    assert modules.resolve("logging", "backend/config/settings/base.py") is None
    assert modules.resolve("x", importer, level=9) is None
    assert modules.name("backend/shop/views.py") == "shop.views"
    assert modules.name("backend/shop/__init__.py") == "shop"
    assert modules.name("backend/config/settings/base.py") == "config.settings.base"


def test_a_name_that_could_mean_two_files_means_none(project: Project) -> None:
    tree = Tree(project({"one/config/base.py": "", "two/config/base.py": "", "three/site.py": ""}))
    assert Modules(tree).resolve("config.base", "three/site.py") is None
