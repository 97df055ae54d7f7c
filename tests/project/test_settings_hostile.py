"""Settings code that is odd, endless or made to harm: it is followed as far as it is worth, and never fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from leaktight.model import Certainty
from leaktight.project.environment import Environment
from leaktight.project.modules import Modules
from leaktight.project.settings import UNKNOWN, Settings
from leaktight.project.settings.lookup import ExhaustedError
from leaktight.project.settings.resolved import Settings as Resolved
from leaktight.project.settings.statements import Runner
from leaktight.source.files import Tree
from leaktight.source.python import Parsed, parse

Resolve = Callable[..., Settings]


@pytest.mark.parametrize(
    "text",
    [
        "while True:\n    X = 1\n",
        "def f():\n    return f()\nX = f()\n",
        "def f():\n    return g()\ndef g():\n    return f()\nX = f()\n",
        "class A: pass\nclass A(A): pass\nX = A.x.y\n",
        "X = X\n",
        "del X\nX += 1\nX.append(2)\nX['a'] = 3\n",
        "global X\nX = 1\n",
        "import settings\nX = settings.X\n",
        "from settings import *\nX = X\n",
        "from . import *\nfrom .. import *\nfrom ...... import a\nX = a\n",
        "X = {[]: 1, {}: 2, **3, **'a'}\n",
        "X = [*3, *'ab', *{}]\n",
        "X = {1: 2}[[]]\nX[[]] = 3\n",
        "X = ''.join(3)\nX = 'a'.join([1, [2]])\nX = '%s' % (1, 2)\nX = '%(a)s' % 3\nX = '{0.__class__}{9}{x[y]}'.format(1)\n",
        "X = sorted([1, 'a'])\nX = max([])\nX = int([])\nX = dict([1])\nX = zip(3)\nX = range('a')\n",
        "X = [].pop()\nX = {}.pop('a')\nX = [].index(3)\n",
        "X, (Y, *Z) = 1\nX, Y = [1]\n[X, Y] = 'abc'\n",
        "for X in 3: pass\nfor X, Y in [1, 2]: pass\nfor X.a in [1]: pass\n",
        "match X:\n    case {'a': 1}: Y = 1\n    case [a, *b] if a: Y = 2\n    case A(x=1): Y = 3\n",
        "try:\n    X = 1\nfinally:\n    pass\ntry:\n    pass\nexcept* E:\n    X = 2\n",
        "with a as (X, Y), b as Z['a']: pass\n",
        "setattr(1, 2, 3)\ngetattr()\nglobals(1)\nvars().update(3)\ndict(**3)\nisinstance(1)\nsuper()\nmap(1)\n",
        "X = __import__('os').environ\nX['a'] = 1\n",
        "import os\nos.environ[3] = 1\nos.environ.get()\nos.environ.get(3, 4)\nX = os.environ[[]]\n",
        "import environ\nenv = environ.Env(**3)\nX = env()\nX = env.db(3)\nX = env.bool\nX = env.nosuch('a')\n",
        "from decouple import config\nX = config()\nX = config('a', cast=3)\nX = config('a', default=[], cast=int)\n",
        "import dj_database_url\nX = dj_database_url.parse('postgres://[::1')\nX = dj_database_url.parse(3)\nX = dj_database_url.parse('postgres://h:99999999')\n",
        "from split_settings.tools import include\ninclude(3, '../../../*.py', '**', '[')\n",
        "import datetime\nX = datetime.timedelta(days=10 ** 12)\nX = datetime.timedelta('a')\n",
        "X = lambda *a, **k: (a, k)\nX = X(1, b=2)\nX = (lambda x: x)(*[1, 2, 3])\n",
        "def f(a, /, b, *, c=1, **d): return locals()\nX = f(1, 2, e=3)\nX = f()\n",
        "@property\ndef X(): return 1\n@staticmethod\ndef Y(): return X\n",
        "class X:\n    def __init__(self):\n        self.__init__()\nX = X()\n",
        "X = 1; X = -X; X = ~X; X = +X; X = not X; X = -'a'\n",
        "X = 10 ** 10 ** 10; X = 1 / 0; X = 1 % 0; X = 1.0 ** 1000; X = 2 << -1\n",
        "X = f'{X!r:>{X}}{X:%Y}{{}}'\n",
        "X = await_ = (yield_ for yield_ in [1])\n",
        "import inspect\nX = inspect.getmembers(X)\nX = dir(3)\nX = vars(4)\n",
        "\u0130 = 1\nX = \u0130\n",
    ],
)
def test_odd_code_is_followed_without_failing(resolve: Resolve, text: str) -> None:
    settings = resolve("Y = 'kept'\n" + text + "KEPT = 'kept'\n")
    for name in settings.names():
        settings.get(name).at("a", 0)
    assert settings.get("KEPT").value == "kept"


@pytest.mark.parametrize(
    "text",
    [
        "X = [1]\n" + "X = X + X\n" * 60,
        "X = 'a'\n" + "X = X + X\n" * 60,
        "X = 3\n" + "X = X * X\n" * 60,
        "X = [1]\n" + "X = [X, X]\n" * 100,
        "X = [1]\n" + "X = {'a': X, 'b': X}\n" * 100,
        "X = []\n" + "X.append(X)\n" * 300,
        "X = 0\nfor a in range(400):\n    for b in range(400):\n        for c in range(400):\n            X = X + 1\n",
        "class A0: pass\n" + "".join(f"class A{n}(A{n - 1}, A{n - 1}): pass\n" for n in range(1, 200)) + "X = A199.x\n",
        "def f0(): return 1\n" + "".join(f"def f{n}(): return f{n - 1}() + f{n - 1}()\n" for n in range(1, 40)) + "X = f39()\n",
        "X = 1\n" + "".join(f"if compute({n}):\n    X = [X, {n}]\n" for n in range(300)),
        "import os\nX = 1\n" + "".join(f"X = {n} if os.environ.get('A{n}') else X\n" for n in range(300)),
        "X = " + "[" * 90 + "]" * 90 + "\n",
        "X = 1" + " + 1" * 900 + "\n",
        "X = a" + ".b" * 400 + "\n",
        "X = f" + "(1)" * 300 + "\n",
        "".join("    " * depth + f"if compute({depth}):\n" for depth in range(90)) + "    " * 90 + "X = 1\n",
        "def f(n):\n    return [f(n - 1) for i in range(50)] if n else 0\nX = f(30)\n",
    ],
)  # fmt: skip
def test_code_that_explodes_is_given_up(resolve: Resolve, text: str) -> None:
    settings = resolve(text)
    assert settings.get("INSTALLED_APPS").value == ["shop"]
    repr(settings.get("X").value)


def test_giving_up_is_noted_and_keeps_what_was_known(resolve: Resolve) -> None:
    settings = resolve(
        "EARLY = 1\nfor a in range(400):\n    for b in range(400):\n        for c in range(400):\n            X = a\nLATE = 2\n"
    )
    assert settings.get("EARLY").value == 1
    assert settings.get("LATE").certainty is Certainty.ABSENT
    assert [gap.reason for gap in settings.incomplete] == [
        "takes too many steps to be worked out; only a part of its settings is known"
    ]


def test_a_chain_of_modules_ends(resolve: Resolve) -> None:
    files = {f"site/m{n}.py": f"from m{n + 1} import *\nM{n} = 1\n" for n in range(60)}
    settings = resolve({"site/settings.py": 'ROOT_URLCONF = "u"\nDATABASES = {}\nfrom m0 import *\n', **files})
    assert settings.get("M0").value == 1
    assert settings.incomplete


# -- random code ---------------------------------------------------------------------------------

NAMES = st.sampled_from(["A", "B", "C", "os", "env", "f", "K", "self"])
ATOMS = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "'a'",
        "''",
        "None",
        "True",
        "...",
        "b'x'",
        "1.5",
        "[]",
        "{}",
        "()",
        "{1}",
        "os.environ",
        "env",
        "(lambda x: x)",
        "f",
        "K",
        "K()",
        "globals()",
    ]
)


def expressions(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(
            "({} {} {})".format,
            children,
            st.sampled_from(["+", "-", "*", "%", "|", "and", "or", "==", "in", "is", "<", "//", "<<"]),
            children,
        ),
        st.builds("(not {})".format, children),
        st.builds("[{}, *{}]".format, children, children),
        st.builds("{{'a': {}, **{}}}".format, children, children),
        st.builds("({} if {} else {})".format, children, children, children),
        st.builds("({})[{}]".format, children, children),
        st.builds("({})[{}:]".format, children, children),
        st.builds(
            "({}).{}({})".format,
            children,
            st.sampled_from(["get", "append", "update", "format", "split", "pop", "items", "setdefault", "bool", "join"]),
            children,
        ),
        st.builds(
            "{}({}, default={})".format,
            st.sampled_from(["env", "f", "K", "os.getenv", "dict", "list", "getattr", "str", "int", "bool"]),
            children,
            children,
        ),
        st.builds("[x for x in {} if {}]".format, children, children),
        st.builds("{{x: {} for x in {}}}".format, children, children),
        st.builds("f'{{{}}}-{{{}!r}}'".format, NAMES, NAMES),
        st.builds("(A := {})".format, children),
    )


EXPRESSIONS = st.recursive(st.one_of(ATOMS, NAMES), expressions, max_leaves=8)


def indented(body: list[str]) -> str:
    return "\n".join("    " + line for statement in body for line in statement.split("\n"))


def statements(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    blocks = st.lists(children, min_size=1, max_size=3).map(indented)
    return st.one_of(
        st.builds("if {}:\n{}\nelse:\n{}".format, EXPRESSIONS, blocks, blocks),
        st.builds("for {} in {}:\n{}".format, NAMES, EXPRESSIONS, blocks),
        st.builds("while {}:\n{}".format, EXPRESSIONS, blocks),
        st.builds(
            "try:\n{}\nexcept {}:\n{}\nfinally:\n{}".format,
            blocks,
            st.sampled_from(["ImportError", "KeyError", "Exception"]),
            blocks,
            blocks,
        ),
        st.builds("with {} as {}:\n{}".format, EXPRESSIONS, NAMES, blocks),
        st.builds("def {}(x, *y, z=1, **w):\n{}\n    return {}".format, NAMES, blocks, EXPRESSIONS),
        st.builds("class {}(K):\n{}".format, NAMES, blocks),
        st.builds(
            "match {}:\n    case 1:\n        pass\n    case x:\n{}".format,
            EXPRESSIONS,
            blocks.map(lambda block: indented([block])),
        ),
    )


SIMPLE = st.one_of(
    st.builds("{} = {}".format, NAMES, EXPRESSIONS),
    st.builds("{} += {}".format, NAMES, EXPRESSIONS),
    st.builds("{}[{}] = {}".format, NAMES, EXPRESSIONS, EXPRESSIONS),
    st.builds("{}[{}] |= {}".format, NAMES, EXPRESSIONS, EXPRESSIONS),
    st.builds("{}, *{} = {}".format, NAMES, NAMES, EXPRESSIONS),
    st.builds("{}.{} = {}".format, NAMES, NAMES, EXPRESSIONS),
    st.builds("del {}".format, NAMES),
    st.sampled_from(
        [
            "pass",
            "raise ValueError",
            "import os",
            "import environ; env = environ.Env()",
            "from .base import *",
            "from nowhere import A, B",
        ]
    ),
    EXPRESSIONS,
)
CODE = st.lists(st.recursive(SIMPLE, statements, max_leaves=6), min_size=1, max_size=8).map("\n".join)


@pytest.fixture(scope="module")
def empty_tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("tree")
    (root / "base.py").write_text("A = 1\nB = ['x']\n")
    (root / "settings.py").write_text("")
    return Tree(root)


def run(tree: Tree, code: str) -> Settings:
    """Follow code as `settings.py`, without going over a file."""
    parsed = parse(code, "settings.py")
    assume(isinstance(parsed, Parsed))
    tree._parsed["settings.py"] = parsed
    runner = Runner(Modules(tree), environment=Environment.PRODUCTION, default=lambda name: None)
    try:
        scope = runner.run_module("settings.py")
    except ExhaustedError:
        scope = runner.scopes["settings.py"]
    assert scope is not None
    return Resolved(
        "settings", "settings.py", environment=Environment.PRODUCTION, cells=scope.names, incomplete=(), default=lambda name: None
    )


@given(CODE)
@hypothesis_settings(max_examples=300)
def test_random_code_never_fails_and_always_gives_the_same(empty_tree: Tree, code: str) -> None:
    first, second = run(empty_tree, code), run(empty_tree, code)
    assert first.names() == second.names()
    for name in first.names():
        value = first.get(name)
        assert repr((value, value.value)) == repr((second.get(name), second.get(name).value))
        assert (value.certainty is Certainty.UNKNOWN) == (value.value is UNKNOWN)


ASSIGNED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), st.text(max_size=8)),
    lambda children: st.one_of(
        st.lists(children, max_size=3), st.dictionaries(st.text(max_size=4), children, max_size=3), st.tuples(children, children)
    ),
    max_leaves=8,
)


@given(ASSIGNED)
def test_a_literal_is_what_it_says(empty_tree: Tree, value: object) -> None:
    setting = run(empty_tree, f"X = {value!r}\n").get("X")
    assert setting.certainty is Certainty.KNOWN
    assert setting.value == value
