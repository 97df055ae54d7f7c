"""Settings worked out from text: values, certainty, places, elements."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from leaktight.model import Certainty
from leaktight.project.settings import HOLE, UNKNOWN, Partial, Settings, Symbol

Resolve = Callable[..., Settings]


def known(settings: Settings, name: str = "X") -> Any:
    value = settings.get(name)
    assert value.certainty is Certainty.KNOWN, value
    return value.value


# -- known ---------------------------------------------------------------------------------------

KNOWN: dict[str, Any] = {
    "X = True": True,
    "X: int = 60 * 60 * 24": 86400,
    "X = -1": -1,
    "X = not False": True,
    "X = 'a' 'b' + 'c'": "abc",
    "A = 'b'; X = f'a-{A}'": "a-b",
    "X = '%s-%(no)s' % 'a' if False else '%s:%d' % ('a', 3)": "a:3",
    "X = '%(a)s!' % {'a': 1}": "1!",
    "X = '{}-{b}-{0}'.format('a', b='c')": "a-c-a",
    "X = 'A, b '.lower().strip().split(', ')": ["a", "b"],
    "X = ','.join(['a', 'b'])": "a,b",
    "X = ['a'] + ['b'] * 2": ["a", "b", "b"],
    "X = ('a',) + ('b',)": ("a", "b"),
    "X = [*('a', 'b'), 'c']": ["a", "b", "c"],
    "X = {**{'a': 1}, 'b': 2}": {"a": 1, "b": 2},
    "X = {'a': 1} | {'a': 2}": {"a": 2},
    "X = dict(a=1, **{'b': 2})": {"a": 1, "b": 2},
    "X = list(('a',)) + list({'b': 1})": ["a", "b"],
    "X = [name.upper() for name in ('a', 'b') if name != 'b']": ["A"],
    "X = {key: value * 2 for key, value in {'a': 1}.items()}": {"a": 2},
    "X = 'b' if 'a' in ['a'] else 'c'": "b",
    "X = None or 'a'": "a",
    "X = 'a' and 'b'": "b",
    "X = 1 < 2 <= 2": True,
    "X = {'a': {'b': ['c']}}['a']['b'][0]": "c",
    "X = ['a', 'b', 'c'][1:]": ["b", "c"],
    "X = (A := 'a') + A": "aa",
    "X = int('3') + len('abc') + max([1, 2])": 8,
    "X = bool('') or str(3)": "3",
    "X = sorted({'b', 'a'})": ["a", "b"],
    "X = {'a', 'b'} - {'a'}": ("b",),
    "X = {'a': 1}.get('b', 2)": 2,
    "X = dict(zip(['a'], [1]))": {"a": 1},
    "X = any(word == 'b' for word in 'a b'.split())": True,
    "X = list(map(str, [1, 2]))": ["1", "2"],
    "X = (lambda a, b=2: a + b)(1)": 3,
    "import json\nX = json.loads('{\"a\": [1]}')": {"a": [1]},
    "from django.utils.translation import gettext_lazy as _\nX = [('en', _('English'))]": [("en", "English")],
    "from collections import OrderedDict\nX = OrderedDict([('a', 1)])": {"a": 1},
    "from copy import deepcopy\nX = deepcopy({'a': 1})": {"a": 1},
    "import itertools\nX = list(itertools.chain(['a'], ['b']))": ["a", "b"],
    "import logging\nX = logging.WARNING": 30,
    "import sys\nX = 'new' if sys.version_info >= (3, 8) else 'old'": "new",
    "import django\nX = django.VERSION >= (4, 0)": True,
    "import sys\nX = 'test' in sys.argv": False,
    "import sys\nX = 'pytest' in sys.modules or 'runserver' in sys.argv": False,
    "from typing import TYPE_CHECKING\nX = TYPE_CHECKING": False,
    "from django.conf import global_settings\nX = global_settings.EMAIL_HOST": "localhost",
    "import ast\nX = ast.literal_eval('[1, 2]')": [1, 2],
    "import ssl\nX = {'cert': ssl.CERT_NONE}": {"cert": Symbol("ssl.CERT_NONE")},
}


@pytest.mark.parametrize("text", KNOWN)
def test_what_the_text_tells_is_known(resolve: Resolve, text: str) -> None:
    assert known(resolve(text)) == KNOWN[text]


STATEMENTS: dict[str, Any] = {
    "X = ['a']\nX += ['b']\nX.append('c')\nX.insert(0, 'd')\nX.remove('a')\nX.extend(('e',))": ["d", "b", "c", "e"],
    "X = ['a', 'b']\nX.insert(X.index('b'), 'c')": ["a", "c", "b"],
    "X = ['a', 'b']\nX.pop()\nX.reverse()": ["a"],
    "X = ('a',)\nX += ('b',)": ("a", "b"),
    "X = ['a']\nX += ('b',)": ["a", "b"],
    "X = {'a': 1}\nX.update({'b': 2}, c=3)\nX['d'] = 4\nX |= {'e': 5}\ndel X['a']": {"b": 2, "c": 3, "d": 4, "e": 5},
    "X = {'a': {'b': {}}}\nX['a']['b']['c'] = 1\nX['a'].setdefault('d', []).append('x')": {"a": {"b": {"c": 1}, "d": []}},
    "X = [{'O': {'p': ['a']}}]\nX[0]['O']['p'] += ['b']\nX[0]['O']['p'].append('c')": [{"O": {"p": ["a", "b", "c"]}}],
    "X = {'a': {}}\ninner = X['a']\ninner['b'] = 1\ninner.update(c=2)": {"a": {"b": 1, "c": 2}},
    "X = {'a': 1}\nY = X.pop('a')\nX['b'] = Y": {"b": 1},
    "X, Y = 'a', 'b'": "a",
    "X = Y = 'a'\nY = 'b'": "a",
    "for name in ['a', 'b']:\n    X = name": "b",
    "X = []\nfor place, name in enumerate(['a', 'b']):\n    if place == 1:\n        continue\n    X.append(name)": ["a"],
    "X = []\nfor name in ['a', 'b']:\n    X.append(name)\n    break\nelse:\n    X = None": ["a"],
    "X = 'a'\nif X == 'a':\n    X = 'b'\nelif X == 'b':\n    X = 'c'": "b",
    "X = 'a'\nif False:\n    X = 'b'\nelse:\n    X = 'c'": "c",
    "X = 'a'\nwhile False:\n    X = 'b'": "a",
    "X = 'a'\ntry:\n    X = 'b'\nexcept Exception:\n    X = 'c'\nfinally:\n    Y = 1": "b",
    "with open('x') as f:\n    X = 'a'": "a",
    "X = 'a'\ndel X\nX = 'b'": "b",
    "globals()['X'] = 'a'": "a",
    "locals().update({'X': 'a'})": "a",
    "vars().update(X='a')": "a",
    "for key, value in {'X': 'a'}.items():\n    globals()[key] = value": "a",
    "import sys\nsetattr(sys.modules[__name__], 'X', 'a')": "a",
    "Y = {'a': 1}\nglobals()['Y']['a'] = 2\nX = Y": {"a": 2},
    "match 'b':\n    case 'a':\n        X = 1\n    case 'b' | 'c':\n        X = 2\n    case _:\n        X = 3": 2,
    "def double(text, times=2):\n    if times < 1:\n        return ''\n    return text * times\nX = double('a') + double('b', times=0)": "aa",
    "def names(*parts, **more):\n    return [*parts, *more]\nX = names('a', b=1)": ["a", "b"],
    "def loop(n):\n    out = []\n    for i in range(n):\n        out.append(i)\n    return out\nX = loop(3)": [0, 1, 2],
    "class Names:\n    A = 'a'\n    B = A + 'b'\nX = Names.B": "ab",
    "class Base:\n    def __init__(self, name):\n        self.name = name\n    @property\n    def twice(self):\n        return self.name * 2\nX = Base('a').twice": "aa",
    "class A:\n    X = ['a']\nclass B(A):\n    def get(self):\n        return super().X + ['b']\nX = B().get()": ["a", "b"],
    "from functools import partial\ndef add(a, b):\n    return a + b\nX = partial(add, 'a')('b')": "ab",
}  # fmt: skip


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_are_followed_in_order(resolve: Resolve, text: str) -> None:
    assert known(resolve(text)) == STATEMENTS[text]


# -- not known -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "X = open('key').read()",
        "X = compute()",
        "import socket\nX = socket.gethostname()",
        "from pathlib import Path\nBASE = Path(__file__).parent\nX = BASE / 'a'",
        "import os\nX = os.path.join('a', 'b')",
        "X = undefined",
        "X = 1 + 'a'",
        "X = {}['a']",
        "X = 'abc'.nosuch()",
        "X = int('a')",
        "X = [1, 2][5]",
        "X = 1 / 0",
        "X = compute() + 1",
        "X = not compute()",
        "X = compute() == 'a'",
        "X = [compute()][0]",
        "if compute():\n    X = 'a'\nelse:\n    X = 'b'",
        "X = 'a' if compute() else 'b'",
        "X = 'a'\nfor name in compute():\n    X = name",
        "X = 'a'\nwhile compute():\n    X = 'b'",
        "try:\n    X = compute()\nexcept Exception:\n    X = 'a'",
        "async def f():\n    return 'a'\nX = f()",
        "@decorated\ndef f():\n    return 'a'\nX = f()",
        "def f():\n    yield 'a'\nX = f()[0]",
        "def f(a):\n    return a\nX = f(1, 2)",
        "def f():\n    raise ValueError\nX = f()",
        "def f(n):\n    return f(n + 1)\nX = f(0)",
        "X = eval('1')",
        "class A: pass\nX = A()",
        "X = lambda: 1",
        "with compute() as X:\n    pass",
        "X = 2 ** 10 ** 10",
        "X = 'a' * 10 ** 9",
        "X = 'abc'.replace('a', 'b' * 50000).replace('b', 'c' * 50000)",
        "X = 1 << 10000",
        "X = '%1000000000d' % 1 if False else '{:>1000000000}'.format(compute())",
        "X = list(range(10 ** 12))[0]",
    ],
)  # fmt: skip
def test_what_the_text_does_not_tell_is_unknown(resolve: Resolve, text: str) -> None:
    value = resolve(text).get("X")
    assert value.certainty is Certainty.UNKNOWN
    assert value.value is UNKNOWN


def test_parts_that_are_not_known_leave_the_rest(resolve: Resolve) -> None:
    settings = resolve(
        "HOST = compute()\n"
        "LIST = ['a', compute(), 'b']\n"
        "MORE = ['a'] + compute() + ['b']\n"
        "DICT = {'a': 1, 'b': compute(), **compute()}\n"
        "URL = f'redis://{HOST}:6379/{0}'\n"
        "SUM = 'redis://' + HOST\n"
        "OLD = 'redis://%s/' % HOST\n"
        "OPEN = compute()\n"
        "OPEN['a'] = 1\n"
    )
    assert known(settings, "LIST") == ["a", UNKNOWN, "b"]
    assert known(settings, "MORE") == ["a", UNKNOWN, "b"]
    assert known(settings, "DICT") == {"a": 1, "b": UNKNOWN, UNKNOWN: UNKNOWN}
    assert known(settings, "URL") == f"redis://{HOLE}:6379/0"
    assert isinstance(known(settings, "URL"), Partial)
    assert known(settings, "SUM") == f"redis://{HOLE}"
    assert known(settings, "OLD") == f"redis://{HOLE}/"
    assert known(settings, "OPEN") == {UNKNOWN: UNKNOWN, "a": 1}


def test_a_condition_that_is_not_known_keeps_what_both_ways_share(resolve: Resolve) -> None:
    settings = resolve(
        "LIST = ['a', 'b']\nDICT = {'a': 1}\nSAME = 'x'\n"
        "if compute():\n    LIST.insert(1, 'c')\n    DICT['b'] = 2\n    SAME = 'x'\n    ONLY = True\n"
    )
    assert known(settings, "LIST") == ["a", UNKNOWN, "b"]
    assert known(settings, "DICT") == {"a": 1, "b": UNKNOWN}
    assert known(settings, "SAME") == "x"
    only = settings.get("ONLY")
    assert only.certainty is Certainty.UNKNOWN
    assert [other.value for other in only.alternatives] == [True, None]


def test_lists_returned_together_are_joined_one_by_one(resolve: Resolve) -> None:
    settings = resolve(
        "def extend(apps, names):\n    if compute():\n        return apps + ['x'], names\n    return apps, [*names, 'y']\n"
        "APPS, NAMES = extend(['a'], ['b'])\n"
    )
    assert known(settings, "APPS") == ["a", UNKNOWN]
    assert known(settings, "NAMES") == ["b", UNKNOWN]


def test_a_way_that_ends_is_not_taken(resolve: Resolve) -> None:
    settings = resolve(
        "import sys\nX = 'a'\nif compute():\n    X = 'b'\n    raise ValueError\nif compute():\n    X = 'c'\n    sys.exit(1)\n"
    )
    assert known(settings) == "a"


def test_unknown_is_neither_true_nor_false_and_there_is_one() -> None:
    with pytest.raises(TypeError):
        bool(UNKNOWN)
    assert copy.deepcopy([UNKNOWN])[0] is UNKNOWN
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN
    assert repr(UNKNOWN) == "UNKNOWN"


# -- absent, places, ways ------------------------------------------------------------------------


def test_what_is_not_set_has_djangos_default(resolve: Resolve) -> None:
    value = resolve("X = 1").get("SESSION_COOKIE_SECURE")
    assert (value.certainty, value.value, value.span) == (Certainty.ABSENT, False, None)
    assert resolve("X = 1").get("NO_SUCH").value is None


def test_only_names_in_capitals_are_settings(resolve: Resolve) -> None:
    assert resolve("x = 1\nX = 2\nXy = 3\nimport os\n").names() == ("INSTALLED_APPS", "ROOT_URLCONF", "X")


def test_places_and_ways(resolve: Resolve) -> None:
    value = resolve("X = ['a']\nX += ['b']\n").get("X")
    assert value.span is not None
    assert (value.span.path, value.span.line, value.span.column) == ("site/settings.py", 4, 1)
    assert [(step.span.line, step.note) for step in value.chain] == [(3, "set before, then changed")]


def test_elements_have_places_and_certainty_of_their_own(resolve: Resolve) -> None:
    settings = resolve(
        "import os\nDATABASES = {\n    'default': {\n        'HOST': os.getenv('HOST', 'db'),\n        'PORT': 5432,\n"
        "        'OPTIONS': {'sslmode': 'require'},\n        **compute(),\n    },\n}\n"
    )
    databases = settings.get("DATABASES")
    assert (databases.certainty, databases.env) == (Certainty.DEFAULTED, "HOST")
    port = databases.at("default", "PORT")
    assert (port.name, port.certainty, port.value) == ("DATABASES['default']['PORT']", Certainty.KNOWN, 5432)
    assert port.span is not None
    assert (port.span.line, port.span.column) == (7, 17)
    assert databases.at("default", "HOST").env == "HOST"
    assert databases.at("default", "OPTIONS", "sslmode").value == "require"
    assert databases.at("default", "OPTIONS", "sslcert").certainty is Certainty.ABSENT
    assert databases.at("default", "NAME").certainty is Certainty.UNKNOWN
    assert databases.at("replica").certainty is Certainty.ABSENT
    assert databases.at("replica", "HOST").certainty is Certainty.ABSENT


def test_an_element_may_be_taken_of_a_default(resolve: Resolve) -> None:
    settings = resolve("X = ['a', compute(), 'b']\nY = ['a']\n")
    assert settings.get("X").at(0).certainty is Certainty.UNKNOWN
    assert settings.get("Y").at(0).value == "a"
    assert settings.get("Y").at(1).certainty is Certainty.ABSENT
    assert settings.get("DEBUG").at("a").certainty is Certainty.ABSENT


def test_values_are_never_shown_by_accident(resolve: Resolve) -> None:
    settings = resolve("SECRET_KEY = 'hush-hush'\nX = {'PASSWORD': 'hush-hush'}\nSECRET_KEY = 'hush-hush-2'\n")
    for name in ("SECRET_KEY", "X"):
        value = settings.get(name)
        assert "hush" not in repr(value)
        assert "hush" not in repr(value.at("PASSWORD"))
    assert "hush" not in repr(settings)
