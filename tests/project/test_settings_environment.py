"""Settings that come from the environment: which variable, which default, what else they may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leaktight.model import Certainty
from leaktight.project.environment import Environment
from leaktight.project.settings import HOLE, UNKNOWN, Settings, SettingValue

Resolve = Callable[..., Settings]


def told(value: SettingValue) -> tuple[str, Any, str | None]:
    return (str(value.certainty), value.value, value.env)


ENVIRON = "import os\nfrom os import environ, getenv\nfrom distutils.util import strtobool\n"
DJANGO_ENVIRON = "import environ\nenv = environ.Env(DEBUG=(bool, False), NAMES=(list, ['a']), PORT=int)\n"
ENVIRONS = "from environs import Env\nenv = Env()\nenv.read_env()\n"
DECOUPLE = "from decouple import config, Csv\nimport dj_database_url\n"
DATABASE_URLS = "import dj_database_url\n"
PG = "django.db.backends.postgresql"
ACCOUNT = {"USER": "u", "PASSWORD": "p", "HOST": "db", "PORT": 5432}

READ: dict[str, tuple[str, Any, str | None]] = {
    # os.environ
    ENVIRON + "X = os.environ.get('A', 'b')": ("defaulted", "b", "A"),
    ENVIRON + "X = os.environ.get('A')": ("defaulted", None, "A"),
    ENVIRON + "X = getenv('A', default='b')": ("defaulted", "b", "A"),
    ENVIRON + "X = environ['A']": ("unknown", UNKNOWN, "A"),
    ENVIRON + "X = os.environ.get('A', 'True') == 'True'": ("defaulted", True, "A"),
    ENVIRON + "X = os.environ.get('A', '').lower() in ('1', 'true')": ("defaulted", False, "A"),
    ENVIRON + "X = bool(int(os.environ.get('A', 0)))": ("defaulted", False, "A"),
    ENVIRON + "X = bool(strtobool(getenv('A', 'yes')))": ("defaulted", True, "A"),
    ENVIRON + "X = os.environ.get('A') or 'b'": ("defaulted", "b", "A"),
    ENVIRON + "X = os.environ.get('A') or os.environ.get('B', 'c')": ("defaulted", "c", "B"),
    ENVIRON + "X = os.environ['A'] or 'b'": ("unknown", UNKNOWN, "A"),
    ENVIRON + "X = 'A' in os.environ": ("defaulted", False, "A"),
    ENVIRON + "X = os.environ.get('A', 'a,b').split(',')": ("defaulted", ["a", "b"], "A"),
    ENVIRON + "X = [n for n in os.environ.get('A', '').split(',') if n]": ("defaulted", [], "A"),
    ENVIRON + "X = int(os.environ['A'])": ("unknown", UNKNOWN, "A"),
    ENVIRON + "X = f\"redis://{os.environ.get('A', 'cache')}:6379\"": ("defaulted", "redis://cache:6379", "A"),
    ENVIRON + "X = f\"redis://{os.environ['A']}:6379\"": ("known", f"redis://{HOLE}:6379", "A"),
    ENVIRON + "D = os.environ.get('A', 'x') != 'x'\nX = not D": ("defaulted", True, "A"),
    ENVIRON + "get = os.environ.get\nX = get('A', 'b')": ("defaulted", "b", "A"),
    ENVIRON + "os.environ['A'] = 'b'\nX = os.environ['A']": ("known", "b", None),
    ENVIRON + "os.environ.setdefault('A', 'b')\nX = os.environ['A']": ("defaulted", "b", "A"),
    ENVIRON + "X = os.environ.get(compute(), 'b')": ("defaulted", "b", None),
    ENVIRON + "X = os.environ.get('A', compute())": ("unknown", UNKNOWN, "A"),
    ENVIRON + "try:\n    X = os.environ['A']\nexcept KeyError:\n    X = 'b'": ("defaulted", "b", "A"),
    ENVIRON + "X = os.environ.get('A')\nif not X:\n    raise ValueError": ("unknown", UNKNOWN, "A"),
    ENVIRON + "X = 'b'\nif 'A' in os.environ:\n    X = os.environ['A']": ("defaulted", "b", "A"),
    ENVIRON + "import json\nX = json.loads(os.environ.get('A', '{\"b\": 1}'))": ("defaulted", {"b": 1}, "A"),
    "from dotenv import dotenv_values\nX = dotenv_values('.env').get('A', 'b')": ("defaulted", "b", "A"),
    # the project's own helpers
    ENVIRON + "def flag(name, default=False):\n    return os.environ.get(name, str(default)).lower() in ('true', '1')\nX = flag('A')": ("defaulted", False, "A"),
    ENVIRON + "def flag(name, default=False):\n    value = os.environ.get(name)\n    if value is None:\n        return default\n    return value == '1'\nX = flag('A', default=True)": ("defaulted", True, "A"),
    ENVIRON + "def required(name):\n    try:\n        return os.environ[name]\n    except KeyError:\n        raise RuntimeError(name)\nX = required('A')": ("unknown", UNKNOWN, "A"),
    ENVIRON + "def get(name, *, default):\n    if name in os.environ:\n        return compute(name)\n    return default\nX = get('A', default='b')": ("defaulted", "b", "A"),
    ENVIRON + "read = lambda name, default='b': os.getenv(name, default)\nX = read('A')": ("defaulted", "b", "A"),
    "from company.config import read\nX = read('A', default='b')": ("defaulted", "b", "A"),
    "from company.config import read\nX = read('A', 'b')": ("unknown", UNKNOWN, None),
    "import conf\nX = getattr(conf, 'A', 'b')": ("defaulted", "b", "conf.A"),
    "import conf\nX = getattr(conf, 'A')": ("unknown", UNKNOWN, "conf.A"),
    # django-environ
    DJANGO_ENVIRON + "X = env('DEBUG')": ("defaulted", False, "DEBUG"),
    DJANGO_ENVIRON + "X = env('NAMES')": ("defaulted", ["a"], "NAMES"),
    DJANGO_ENVIRON + "X = env('PORT')": ("unknown", UNKNOWN, "PORT"),
    DJANGO_ENVIRON + "X = env('A')": ("unknown", UNKNOWN, "A"),
    DJANGO_ENVIRON + "X = env('A', default='b')": ("defaulted", "b", "A"),
    DJANGO_ENVIRON + "X = env.bool('A', default=True)": ("defaulted", True, "A"),
    DJANGO_ENVIRON + "X = env.bool('A', True)": ("defaulted", True, "A"),
    DJANGO_ENVIRON + "X = env.bool('A')": ("unknown", UNKNOWN, "A"),
    DJANGO_ENVIRON + "X = env.list('A', default=['b'])": ("defaulted", ["b"], "A"),
    DJANGO_ENVIRON + "X = env.int('A', default=5)": ("defaulted", 5, "A"),
    DJANGO_ENVIRON + "env.prefix = 'SHOP_'\nX = env.str('A', default='b')": ("defaulted", "b", "SHOP_A"),
    DJANGO_ENVIRON + "X = env.db('A', default='postgres://u:p@db:5432/shop')": ("defaulted", {"ENGINE": PG, "NAME": "shop", **ACCOUNT}, "A"),
    DJANGO_ENVIRON + "X = env.db()": ("unknown", UNKNOWN, "DATABASE_URL"),
    DJANGO_ENVIRON + "X = env.cache_url('A', default='rediss://cache:6380/1')": ("defaulted", {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "rediss://cache:6380/1"}, "A"),
    DJANGO_ENVIRON + "vars().update(env.email_url('A', default='smtp+tls://u:p@mail:587'))\nX = EMAIL_USE_TLS": ("defaulted", True, "A"),
    # environs
    ENVIRONS + "X = env.bool('A', False)": ("defaulted", False, "A"),
    ENVIRONS + "X = env('A', 'b')": ("defaulted", "b", "A"),
    ENVIRONS + "X = env.str('A')": ("unknown", UNKNOWN, "A"),
    ENVIRONS + "with env.prefixed('SHOP_'):\n    X = env.int('A', 3)\n": ("defaulted", 3, "SHOP_A"),
    # decouple
    DECOUPLE + "X = config('A', default=False, cast=bool)": ("defaulted", False, "A"),
    DECOUPLE + "X = config('A', default='on', cast=bool)": ("defaulted", True, "A"),
    DECOUPLE + "X = config('A', cast=bool)": ("unknown", UNKNOWN, "A"),
    DECOUPLE + "X = config('A', 'b')": ("defaulted", "b", "A"),
    DECOUPLE + "X = config('A', default='a, b', cast=Csv())": ("defaulted", ["a", "b"], "A"),
    DECOUPLE + "X = config('A', default='3', cast=int)": ("defaulted", 3, "A"),
    DECOUPLE + "X = config('A', default='a b', cast=lambda text: text.split())": ("defaulted", ["a", "b"], "A"),
    DECOUPLE + "X = config('A', default='postgres://u:p@db:5432/shop', cast=dj_database_url.parse)": ("defaulted", {"ENGINE": PG, "NAME": "shop", **ACCOUNT}, "A"),
    # configparser
    "import configparser\nini = configparser.ConfigParser()\nini.read('x')\nX = ini.getboolean('web', 'debug', fallback=True)": ("defaulted", True, "web.debug"),
    "import configparser\nini = configparser.RawConfigParser()\nini.read_dict({'web': {'debug': False}})\nX = ini.getboolean('web', 'debug')": ("defaulted", False, "web.debug"),
    "import configparser\nini = configparser.ConfigParser()\nX = ini.get('web', 'debug')": ("unknown", UNKNOWN, "web.debug"),
    # dj_database_url
    DATABASE_URLS + "X = dj_database_url.config(default='postgres://u:p@db:5432/shop?sslmode=disable', conn_max_age=600)": (
        "defaulted", {"ENGINE": PG, "NAME": "shop", **ACCOUNT, "OPTIONS": {"sslmode": "disable"}, "CONN_MAX_AGE": 600}, "DATABASE_URL",
    ),
    DATABASE_URLS + "X = dj_database_url.parse('postgres://u:p@db:5432/shop', ssl_require=True)": (
        "known", {"ENGINE": PG, "NAME": "shop", **ACCOUNT, "OPTIONS": {"sslmode": "require"}}, None,
    ),
    DATABASE_URLS + "X = dj_database_url.config(ssl_require=True)": ("known", {UNKNOWN: UNKNOWN, "OPTIONS": {"sslmode": "require", UNKNOWN: UNKNOWN}}, "DATABASE_URL"),
    DATABASE_URLS + "X = dj_database_url.config()": ("unknown", UNKNOWN, "DATABASE_URL"),
    DATABASE_URLS + "X = dj_database_url.parse('not a url')": ("unknown", UNKNOWN, None),
    ENVIRON + DATABASE_URLS + "X = dj_database_url.parse(f\"postgres://u:{os.environ['PW']}@db:5432/shop\")": ("known", {"ENGINE": PG, "NAME": "shop", **ACCOUNT, "PASSWORD": UNKNOWN}, "PW"),
    ENVIRON + DATABASE_URLS + "X = dj_database_url.parse(f\"postgres://u:p@db:{os.environ['PORT']}/shop\")": ("known", {"ENGINE": PG, "NAME": "shop", **ACCOUNT, "PORT": UNKNOWN}, "PORT"),
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_readers_of_the_environment(resolve: Resolve, text: str) -> None:
    assert told(resolve(text).get("X")) == READ[text]


# -- other environments --------------------------------------------------------------------------


def test_what_it_would_be_otherwise_is_kept(resolve: Resolve) -> None:
    settings = resolve(
        "import os\nDEBUG = os.environ.get('DEBUG', '1') == '1'\n"
        "if not DEBUG:\n    SESSION_COOKIE_SECURE = True\n"
        "CSRF_COOKIE_SECURE = 'yes' if DEBUG else 'no'\n"
    )
    session = settings.get("SESSION_COOKIE_SECURE")
    assert told(session) == ("defaulted", False, "DEBUG")
    assert [other.value for other in session.alternatives] == [True]
    assert session.span is not None
    assert session.span.line == 6
    csrf = settings.get("CSRF_COOKIE_SECURE")
    assert told(csrf) == ("defaulted", "yes", "DEBUG")
    assert [other.value for other in csrf.alternatives] == ["no"]


def test_a_list_changed_in_some_environments_is_what_it_is_by_default(resolve: Resolve) -> None:
    settings = resolve("import os\nX = ['a']\nif os.environ.get('EXTRA'):\n    X.append('b')\n")
    value = settings.get("X")
    assert told(value) == ("defaulted", ["a"], "EXTRA")
    assert [other.value for other in value.alternatives] == [["a", "b"]]


def test_a_known_debug_decides(resolve: Resolve) -> None:
    settings = resolve("DEBUG = False\nif not DEBUG:\n    X = True\nelse:\n    X = False\n")
    assert told(settings.get("X")) == ("known", True, None)


SELECTS = "import os\nENV = os.environ.get('DJANGO_ENV', 'development')\n"


@pytest.mark.parametrize(
    ("text", "production", "development"),
    [
        (SELECTS + "X = ENV == 'production'", True, False),
        (SELECTS + "X = 'production' == ENV", True, False),
        (SELECTS + "X = ENV != 'local'", True, False),
        (SELECTS + "X = ENV in ('production', 'staging')", True, False),
        (SELECTS + "X = ENV not in ['dev', 'test']", True, False),
        (SELECTS + "X = ENV.lower() == 'prod'", True, False),
        (
            SELECTS + "if ENV == 'production':\n    X = True\nelif ENV == 'staging':\n    X = None\nelse:\n    X = False\n",
            True,
            False,
        ),
        ("import os\nX = os.environ['STAGE'] == 'live'", True, False),
        ("import os\nX = os.environ['DOMAIN'] != 'localhost'", True, False),
        ("from decouple import config\nX = config('IS_PRODUCTION', default=False, cast=bool)", True, False),
        ("from decouple import config\nX = not config('DEV_MODE', default=True, cast=bool)", True, False),
    ],
)
def test_what_selects_the_environment_selects_the_one_that_is_asked_for(
    resolve: Resolve, text: str, production: object, development: object
) -> None:
    text += "\n" if not text.endswith("\n") else ""
    files = {"site/prod.py": ESSENTIAL + text, "site/dev.py": ESSENTIAL + text, "manage.py": ""}
    assert resolve(files).get("X").value is production
    assert resolve(files, environment=Environment.DEVELOPMENT).get("X").value is development


ESSENTIAL = 'ROOT_URLCONF = "urls"\nINSTALLED_APPS = ["shop"]\nDATABASES = {}\n'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("import os\nX = os.environ.get('STORAGE', 'local') == 'local'", True),
        ("import os\nX = os.environ.get('BACKEND', 'test') == 's3'", False),
        ("import os\nX = os.environ.get('DEBUG', '1') == '1'", True),
        ("from decouple import config\nX = config('DEBUG', default=True, cast=bool)", True),
        ("from decouple import config\nX = config('DEV_TOOLS', default=True, cast=bool)", True),
        ("from decouple import config\nX = config('PRODUCTION_DOMAIN_CHECK', default=False, cast=bool)", False),
        ("ENV = 'development'\nX = ENV == 'production'", False),
    ],
)
def test_what_only_sounds_like_the_environment_is_read_as_it_stands(resolve: Resolve, text: str, value: object) -> None:
    assert resolve(text).get("X").value is value


# -- mail, caches, classes, hosting --------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "tls", "ssl"),
    [
        ("smtp://u:p@mail:25", False, False),
        ("smtp+tls://u:p@mail:587", True, False),
        ("smtps://u:p@mail:465", False, True),
        ("submission://u:p@mail", True, False),
        ("smtp://mail:25/?tls=True", True, False),
    ],
)
def test_mail_urls(resolve: Resolve, url: str, tls: object, ssl: object) -> None:
    settings = resolve(f"import dj_email_url\nvars().update(dj_email_url.parse('{url}'))\n")
    assert settings.get("EMAIL_HOST").value == "mail"
    assert (settings.get("EMAIL_USE_TLS").value, settings.get("EMAIL_USE_SSL").value) == (tls, ssl)


CONFIGURATIONS = """
import os
from configurations import Configuration, values


class Cookies:
    CSRF_COOKIE_SECURE = True


class Base(Cookies, Configuration):
    ROOT_URLCONF = "urls"
    INSTALLED_APPS = ["shop"]
    SECRET_KEY = values.SecretValue()
    DEBUG = values.BooleanValue(True)
    HOSTS = values.ListValue([], environ_name="SHOP_HOSTS", environ_prefix=None)
    FIXED = values.Value("a", environ=False)
    DATABASES = values.DatabaseURLValue("postgres://u:p@db:5432/shop")
    CACHES = {"default": {"LOCATION": values.Value("redis://cache", environ_name="CACHE", environ_prefix=None)}}
    EMAIL = values.EmailURLValue("smtp+tls://mail:587")
    SESSION_COOKIE_SECURE = False

    @property
    def MIDDLEWARE(self):
        return ["one"] + self.INSTALLED_APPS

    @classmethod
    def setup(cls):
        super().setup()


class Production(Base):
    DEBUG = False
    SESSION_COOKIE_SECURE = True

    @property
    def MIDDLEWARE(self):
        return super().MIDDLEWARE + ["two"]
"""


def test_classes_of_settings_are_worked_out(resolve: Resolve) -> None:
    settings = resolve({"site/settings.py": CONFIGURATIONS})
    assert settings.module == "settings:Production"
    assert told(settings.get("SECRET_KEY")) == ("unknown", UNKNOWN, "DJANGO_SECRET_KEY")
    assert told(settings.get("DEBUG")) == ("known", False, None)
    assert told(settings.get("HOSTS")) == ("defaulted", [], "SHOP_HOSTS")
    assert told(settings.get("FIXED")) == ("known", "a", None)
    assert told(settings.get("MIDDLEWARE")) == ("known", ["one", "shop", "two"], None)
    assert told(settings.get("CSRF_COOKIE_SECURE")) == ("known", True, None)
    assert told(settings.get("EMAIL_USE_TLS")) == ("defaulted", True, "EMAIL_URL")
    assert settings.get("DATABASES").at("default", "HOST").value == "db"
    assert settings.get("DATABASES").env == "DATABASE_URL"
    assert told(settings.get("CACHES").at("default", "LOCATION")) == ("defaulted", "redis://cache", "CACHE")
    session = settings.get("SESSION_COOKIE_SECURE")
    assert session.value is True
    assert [step.note for step in session.chain] == ["set in a base class, then overridden"]


def test_a_class_that_loads_itself_into_its_module(resolve: Resolve) -> None:
    settings = resolve(
        {
            "site/settings.py": "from loader import Settings\n\nclass Site(Settings):\n    ROOT_URLCONF = 'x'\n    INSTALLED_APPS = ['a']\n"
            "    DATABASES = {}\n\n    @property\n    def X(self):\n        return self.INSTALLED_APPS + ['b']\n\nSite.load_settings(__name__)\n",
            "loader.py": "import inspect\nimport sys\n\nclass Settings:\n    @classmethod\n    def load_settings(cls, name):\n        self = cls()\n"
            "        module = sys.modules[name]\n        for member, value in inspect.getmembers(self):\n"
            "            if member.isupper():\n                setattr(module, member, value)\n",
            "manage.py": "",
        }
    )
    assert told(settings.get("X")) == ("known", ["a", "b"], None)


def test_a_host_that_forces_tls_on_the_database(resolve: Resolve) -> None:
    settings = resolve("import django_heroku\nDATABASES = {'default': {'ENGINE': 'sqlite3'}}\ndjango_heroku.settings(locals())\n")
    assert settings.get("DATABASES").at("default", "OPTIONS", "sslmode").value == "require"
    assert settings.get("ALLOWED_HOSTS").value == ["*"]


def test_a_library_that_reads_files_is_noted(resolve: Resolve) -> None:
    settings = resolve("import dynaconf\nX = 'a'\nsettings = dynaconf.DjangoDynaconf(__name__)\n")
    assert settings.get("X").certainty is Certainty.KNOWN
    assert [gap.line for gap in settings.incomplete] == [5]
