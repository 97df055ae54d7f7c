"""Which Django projects a tree holds, and which settings module speaks for production."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.project.discovery import Site, discover
from leaktight.project.environment import Environment, environment_of
from leaktight.source.files import Tree

Project = Callable[[dict[str, str]], Path]

SETTINGS = 'SECRET_KEY = "x"\nROOT_URLCONF = "urls"\nINSTALLED_APPS = []\n'
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")\n'


def one(root: Path) -> Site:
    (site,) = discover(Tree(root))
    return site


def production(root: Path) -> str | None:
    site = one(root)
    return site.production.name if site.production else None


# -- no project ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts",
    [
        {"shop.py": "import django\nx = 1\n"},
        {"lib/__init__.py": "INSTALLED_APPS = ['lib', 'lib.extra']\n"},
        {"lib/core.py": "class A: pass\n", "tests/settings.py": SETTINGS, "tests/urls.py": ""},
        {"lib/tests.py": "@override_settings(\n    INSTALLED_APPS=[],\n    ROOT_URLCONF='x',\n)\ndef test(): pass\n"},
        {"docs/conf.py": "project = 'x'\n"},
        {"vendor/site/settings.py": SETTINGS},
        {"app/settings.py": "THEME = 'dark'\nTIMEOUT = 3\n"},
        {"settings.py": "INSTALLED_APPS = [\n"},
        {},
    ],
    ids=["file", "library", "test settings", "override", "sphinx", "vendored", "own", "broken", "empty"],
)
def test_what_is_no_django_project_has_no_site(project: Project, texts: dict[str, str]) -> None:
    assert discover(Tree(project({"readme.md": "", **texts}))) == ()


# -- one project ---------------------------------------------------------------------------------


def test_a_plain_project(project: Project) -> None:
    root = project(
        {
            "manage.py": MANAGE.format("mysite.settings"),
            "mysite/__init__.py": "",
            "mysite/settings.py": SETTINGS,
            "mysite/wsgi.py": MANAGE.format("mysite.settings"),
            "shop/models.py": "",
            "shop/templates/shop/list.html": "",
            "shop/tests/test_x.py": "",
            "blog/models/__init__.py": "",
            "templates/base.html": "",
        }
    )
    site = one(root)
    assert site.root == ""
    assert site.manage == "manage.py"
    assert site.entries == ("mysite/wsgi.py",)
    assert site.apps == ("blog", "shop")
    assert site.templates == ("shop/templates", "templates")
    assert site.production is not None
    assert (site.production.name, site.production.path) == ("mysite.settings", "mysite/settings.py")
    assert site.production.environment is Environment.PRODUCTION
    assert site.production.evidence == "named by mysite/wsgi.py"


def test_a_lone_settings_file_is_a_site(project: Project) -> None:
    root = project({"settings.py": SETTINGS})
    assert production(root) == "settings"
    assert one(root / "settings.py").production is not None


def split(*, wsgi: str = "conf.settings.local", **more: str) -> dict[str, str]:
    return {
        "manage.py": MANAGE.format("conf.settings.local"),
        "conf/__init__.py": "",
        "conf/wsgi.py": MANAGE.format(wsgi),
        "conf/settings/__init__.py": "",
        "conf/settings/base.py": SETTINGS,
        "conf/settings/local.py": "from .base import *\nDEBUG = True\n",
        "conf/settings/test.py": "from .base import *\n",
        **{path.replace("__", "/") + ".py": text for path, text in more.items()},
    }


def test_production_is_known_by_name_when_entry_points_name_development(project: Project) -> None:
    root = project(split(conf__settings__production="from .base import *\n", conf__settings__staging="from .base import *\n"))
    site = one(root)
    assert [(module.name.rpartition(".")[2], str(module.environment)) for module in site.settings] == [
        ("base", "unknown"),
        ("local", "development"),
        ("production", "production"),
        ("staging", "production"),
        ("test", "test"),
    ]
    assert site.production is not None
    assert site.production.name == "conf.settings.production"
    assert site.speaks_for(Environment.TEST) == site.settings[4]
    assert site.speaks_for(Environment.DEVELOPMENT) == site.settings[1]


def test_what_a_web_server_is_told_beats_the_name(project: Project) -> None:
    texts = split(conf__settings__production="from .base import *\n", conf__settings__berlin="from .base import *\n")
    assert (
        production(project({**texts, "Procfile": "web: DJANGO_SETTINGS_MODULE=conf.settings.berlin gunicorn conf.wsgi\n"}))
        == "conf.settings.berlin"
    )


def test_wsgi_beats_manage(project: Project) -> None:
    root = project({"manage.py": MANAGE.format("one"), "one.py": SETTINGS, "two.py": SETTINGS, "wsgi.py": MANAGE.format("two")})
    assert production(root) == "two"


def test_a_production_module_named_by_wsgi_beats_another(project: Project) -> None:
    texts = split(
        wsgi="conf.settings.live",
        conf__settings__live="from .base import *\n",
        conf__settings__production="from .base import *\n",
    )
    assert production(project(texts)) == "conf.settings.live"


def test_without_a_module_for_production_the_shared_one_stands_in_but_is_not_called_production(project: Project) -> None:
    site = one(project(split()))
    assert site.production is not None
    assert (site.production.name, site.production.environment) == ("conf.settings.base", Environment.UNKNOWN)


def test_only_development_settings_speak_for_nothing(project: Project) -> None:
    assert production(project({"manage.py": MANAGE.format("settings_local"), "settings_local.py": SETTINGS})) is None


def test_settings_that_only_tests_build_on_are_what_production_runs(project: Project) -> None:
    root = project(
        {
            "site/settings.py": SETTINGS,
            "site/settings_test.py": "from settings import *\n",
            "manage.py": MANAGE.format("site.settings"),
        }
    )
    site = one(root)
    assert site.production is not None
    assert site.production.path == "site/settings.py"
    assert site.production.environment is Environment.PRODUCTION


def test_examples_never_speak_for_production(project: Project) -> None:
    root = project({"settings.py": SETTINGS, "settings_example.py": SETTINGS, "settings_production_sample.py": SETTINGS})
    assert production(root) == "settings"


def test_settings_of_the_documentation_never_speak_for_production(project: Project) -> None:
    texts = {"shop/__init__.py": "", "shop/settings.py": SETTINGS, "docs/source/conf_settings.py": SETTINGS}
    texts["docs/source/conf.py"] = MANAGE.format("conf_settings")
    assert production(project(texts)) == "shop.settings"


def test_a_folder_names_the_environment_of_modules_called_alike(project: Project) -> None:
    root = project({"envs/prod/settings.py": SETTINGS, "envs/dev/settings.py": SETTINGS, "manage.py": ""})
    assert production(root) == "envs.prod.settings"


def test_a_docstring_may_say_what_the_name_does_not(project: Project) -> None:
    texts = split(
        conf__settings__berlin='"""Settings for the production site."""\nfrom .base import *\n',
        conf__settings__static="from .base import *\n",
    )
    assert production(project(texts)) == "conf.settings.berlin"


def test_a_package_that_takes_everything_from_one_module_is_what_that_is(project: Project) -> None:
    texts = split(wsgi="conf.settings", conf__settings__prod="from .base import *\n")
    texts["conf/settings/__init__.py"] = "from .local import *\n"
    assert production(project(texts)) == "conf.settings.prod"


def test_a_user_may_name_the_module(project: Project) -> None:
    site = one(project(split()))
    for name in ("conf.settings.local", "conf/settings/local.py"):
        module = site.module_named(name)
        assert module is not None
        assert module.environment is Environment.DEVELOPMENT
    assert site.module_named("conf.settings.nosuch") is None


# -- evidence ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Dockerfile", "FROM python\nENV DJANGO_SETTINGS_MODULE=conf.two\n"),
        ("Dockerfile", "ENV DJANGO_SETTINGS_MODULE conf.two\n"),
        ("deploy/app.service", "[Service]\nEnvironment=DJANGO_SETTINGS_MODULE=conf.two\n"),
        ("k8s/web.yaml", "env:\n  - name: DJANGO_SETTINGS_MODULE\n    value: conf.two\n"),
        ("docker-compose.prod.yml", "environment:\n  DJANGO_SETTINGS_MODULE: conf.two\n"),
        ("docker-compose.prod.yml", "environment:\n  - DJANGO_SETTINGS_MODULE=${DJANGO_SETTINGS_MODULE:-conf.two}\n"),
        (".env.production", "DJANGO_SETTINGS_MODULE=conf.two\n"),
        ("uwsgi.ini", "[uwsgi]\nenv = DJANGO_SETTINGS_MODULE=conf.two\n"),
        ("entrypoint.sh", "exec gunicorn --env DJANGO_SETTINGS_MODULE=conf.two x.wsgi\n"),
        ("conf/wsgi.py", "os.environ['DJANGO_SETTINGS_MODULE'] = 'conf.two'\n"),
        ("conf/asgi.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', os.environ.get('DJ', 'conf.two'))\n"),
        ("serve.sh", "django-admin runfcgi --settings=conf.two\n"),
    ],
)
def test_files_of_a_deployment_tell(project: Project, path: str, text: str) -> None:
    root = project({"manage.py": MANAGE.format("conf.one"), "conf/one.py": SETTINGS, "conf/two.py": SETTINGS, path: text})
    assert production(root) == "conf.two"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = conf.two\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "conf.two"\n'),
        (".github/workflows/ci.yml", "env:\n  DJANGO_SETTINGS_MODULE: conf.two\n"),
        ("Dockerfile", "RUN DJANGO_SETTINGS_MODULE=conf.two \\\n  python manage.py collectstatic\n"),
        ("docker-compose.dev.yml", "environment:\n  DJANGO_SETTINGS_MODULE: conf.two\n"),
        ("Dockerfile", "# ENV DJANGO_SETTINGS_MODULE=conf.two\n"),
        ("conftest.py", "os.environ['DJANGO_SETTINGS_MODULE'] = 'conf.two'\n"),
        ("scripts/notes.txt", "DJANGO_SETTINGS_MODULE=conf.two\n"),
    ],
)
def test_files_for_tests_and_development_do_not(project: Project, path: str, text: str) -> None:
    root = project({"manage.py": MANAGE.format("conf.one"), "conf/one.py": SETTINGS, "conf/two.py": SETTINGS, path: text})
    assert production(root) == "conf.one"


# -- several projects ----------------------------------------------------------------------------


def test_several_projects_of_one_repository(project: Project) -> None:
    root = project(
        {
            "backend/manage.py": MANAGE.format("api.settings"),
            "backend/api/settings.py": SETTINGS,
            "backend/orders/models.py": "",
            "office/manage.py": MANAGE.format("office.settings.prod"),
            "office/office/settings/prod.py": SETTINGS,
            "office/staff/views.py": "",
        }
    )
    first, second = discover(Tree(root))
    assert (first.root, first.apps) == ("backend", ("backend/orders",))
    assert (second.root, second.apps) == ("office", ("office/staff",))
    assert first.production is not None
    assert second.production is not None
    assert (first.production.name, second.production.name) == ("api.settings", "office.settings.prod")


# -- classes of settings -------------------------------------------------------------------------

CLASSES = """
from configurations import Configuration, values


class HeadersMixin:
    SECURE_REFERRER_POLICY = "same-origin"


class Base(HeadersMixin, Configuration):
    SECRET_KEY = values.SecretValue()
    ROOT_URLCONF = "urls"
    INSTALLED_APPS = ["shop"]


class Development(Base):
    DEBUG = True


class Production(Base):
    DEBUG = False


class PreProduction(Production):
    pass
"""


def test_classes_of_settings_are_modules_of_their_own(project: Project) -> None:
    site = one(project({"manage.py": MANAGE.format("site.settings"), "site/settings.py": CLASSES}))
    assert [(module.name, str(module.environment)) for module in site.settings] == [
        ("site.settings:Base", "unknown"),
        ("site.settings:Development", "development"),
        ("site.settings:PreProduction", "production"),
        ("site.settings:Production", "production"),
    ]
    assert site.production is not None
    assert site.production.configuration == "Production"
    assert site.module_named("PreProduction") is site.settings[2]


def test_a_class_that_loads_itself_into_its_module_is_that_module(project: Project) -> None:
    text = "class Site(Settings):\n    ROOT_URLCONF = 'x'\n    INSTALLED_APPS = []\n    SECRET_KEY = ''\n\nSite.load_settings(__name__)\n"
    assert production(project({"site/settings.py": text})) == "settings"


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("production", "production"), ("prod", "production"), ("settings_prod", "production"), ("live", "production"),
        ("staging", "production"), ("heroku", "production"), ("PreProduction", "production"), ("local", "development"),
        ("dev", "development"), ("localSettings", "development"), ("test_production", "test"), ("ci", "test"),
        ("settings", "unknown"), ("base", "unknown"), ("product", "unknown"), ("delivery", "unknown"), ("devices", "unknown"),
        ("locale", "unknown"), ("contest", "unknown"), ("settings_example", "development"), ("ContinuousIntegration", "test"),
    ],
)  # fmt: skip
def test_environments_are_named_by_whole_words(name: str, environment: str) -> None:
    assert environment_of(name) == environment


def test_what_servers_copy_their_settings_from_speaks_for_them(project: Project) -> None:
    texts = {"manage.py": MANAGE.format("shop.settings"), "shop/__init__.py": "", "shop/settings.dist.py": SETTINGS}
    assert production(project(texts)) == "shop.settings"


def test_an_example_beside_the_settings_speaks_for_nobody(project: Project) -> None:
    texts = {
        "manage.py": MANAGE.format("shop.settings"),
        "shop/__init__.py": "",
        "shop/settings.py": SETTINGS,
        "shop/settings_example.py": SETTINGS,
    }
    site = one(project(texts))
    assert site.production is not None
    assert site.production.path == "shop/settings.py"
