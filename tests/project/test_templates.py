"""Templates of a project, joined: names, pages put together, CSRF tokens from elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.project.template_outputs import MAX_TEMPLATES
from leaktight.project.template_tags import TagKind, TagLibrary
from leaktight.project.templates import Template, Templates, read_templates
from leaktight.source.files import Tree
from leaktight.source.template import Token, read_template

FORM = "<form method=post>{}</form>"


def project(texts: dict[str, str], *, tags: str = "") -> Templates:
    """Join templates, given by the path below `shop/templates/`."""
    files = [read_template(text, f"shop/templates/{name}") for name, text in texts.items()]
    return Templates(files, tags=TagLibrary.read({"shop/templatetags/shop.py": ast.parse(tags)}))


def page(texts: dict[str, str], name: str = "page.html") -> Template:
    found = project(texts).by_name(name)
    assert found is not None
    return found


def printed(texts: dict[str, str], name: str = "page.html") -> list[str]:
    return [".".join(output.path) for output in page(texts, name).all_outputs()]


def token(texts: dict[str, str], *, tags: str = "") -> Token:
    """Tell the token of the first form of page.html."""
    template = project(texts, tags=tags).by_name("page.html")
    assert template is not None
    form = next(element.form for element in template.elements if element.form)
    return template.csrf_token(form)


# -- names ---------------------------------------------------------------------------------------


def test_a_name_is_looked_up_below_template_folders_and_then_anywhere() -> None:
    paths = ["themes/dark/base.html", "shop/templates/base.html"]
    templates = Templates(read_template("", path) for path in paths)
    assert [template.path for template in templates.all_by_name("base.html")] == paths[::-1]
    found = templates.by_name("dark/base.html")
    assert found is not None
    assert found.path == paths[0]
    assert templates.by_name("none.html") is None
    assert templates.by_name("ase.html") is None


def test_the_nearer_of_two_templates_comes_first() -> None:
    templates = Templates(read_template("", path) for path in ["a/templates/x.html", "b/templates/x.html", "b/templates/y.html"])
    origin = templates.at("b/templates/y.html")
    found = templates.by_name("x.html", origin=origin)
    assert found is not None
    assert found.path == "b/templates/x.html"


def test_a_relative_name_begins_at_the_template_that_says_it() -> None:
    assert printed({"a/page.html": "{% include '../b/x.html' %}", "b/x.html": "{{ x }}"}, "a/page.html") == ["x"]


def test_a_template_that_extends_its_own_name_means_the_next_one() -> None:
    files = [
        read_template("{% extends 'base.html' %}{% block a %}{{ mine }}{% endblock %}", "shop/templates/base.html"),
        read_template("{{ theirs }}{% block a %}{{ gone }}{% endblock %}", "vendor/templates/base.html"),
    ]
    template = Templates(files).at("shop/templates/base.html")
    assert template is not None
    assert [output.path[0] for output in template.all_outputs()] == ["mine", "theirs"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("registration/password_reset_email.html", True),
        ("mails/welcome.txt", True),
        ("shop/page.html", False),
        ("shop/voicemail.html", False),
    ],
)
def test_which_templates_are_mails(name: str, *, expected: bool) -> None:
    assert page({name: ""}, name).is_mail is expected


def test_a_page_about_mail_addresses_is_no_mail() -> None:
    name = "account/email_change.html"
    assert not page({name: "<form method=post></form>"}, name).is_mail


# -- pages put together --------------------------------------------------------------------------


def test_an_include_sees_the_names_of_the_page() -> None:
    assert printed({"page.html": "{% include 'row.html' %}", "row.html": "{{ user.ssn }}"}) == ["user.ssn"]


def test_an_include_is_given_other_names() -> None:
    texts = {
        "page.html": "{% for u in users %}{% include 'row.html' with who=u.profile %}{% endfor %}",
        "row.html": "{{ who.ssn }}{{ u.mail }}",
    }
    assert printed(texts) == ["users.[].profile.ssn", "users.[].mail"]


def test_names_are_handed_on_through_several_includes() -> None:
    texts = {
        "page.html": "{% include 'a.html' with x=user %}",
        "a.html": "{% with y=x.card %}{% include 'b.html' with z=y %}{% endwith %}",
        "b.html": "{{ z.number }}",
    }
    assert printed(texts) == ["user.card.number"]


def test_only_keeps_the_names_of_the_page_out() -> None:
    texts = {"page.html": "{% include 'row.html' with a=b only %}", "row.html": "{{ a }}{{ c }}"}
    assert printed(texts) == ["b"]


def test_a_constant_handed_over_prints_nothing() -> None:
    assert printed({"page.html": "{% include 'row.html' with token='x' %}", "row.html": "{{ token }}"}) == []


def test_blocks_replace_those_of_the_base() -> None:
    texts = {
        "page.html": "{% extends 'base.html' %}{{ nowhere }}{% block a %}{{ mine }}{% endblock %}",
        "base.html": "{{ head }}{% block a %}{{ gone }}{% endblock %}{% block b %}{{ stays }}{% endblock %}",
    }
    assert printed(texts) == ["mine", "head", "stays"]


def test_block_super_keeps_what_it_replaces() -> None:
    texts = {
        "page.html": "{% extends 'base.html' %}{% block a %}{{ block.super }}{{ mine }}{% endblock %}",
        "base.html": "{% block a %}{{ kept }}{% endblock %}",
    }
    assert printed(texts) == ["mine", "kept"]


def test_blocks_two_floors_down() -> None:
    texts = {
        "page.html": "{% extends 'mid.html' %}{% block inner %}{{ c }}{% endblock %}",
        "mid.html": "{% extends 'base.html' %}{% block outer %}{{ b }}{% block inner %}{{ gone }}{% endblock %}{% endblock %}",
        "base.html": "{{ a }}{% block outer %}{{ gone }}{% endblock %}",
    }
    assert printed(texts) == ["c", "b", "a"]


def test_a_block_sees_the_names_around_it_in_the_base() -> None:
    texts = {
        "page.html": "{% extends 'base.html' %}{% block row %}{{ u.ssn }}{% endblock %}",
        "base.html": "{% for u in users %}{% block row %}{% endblock %}{% endfor %}",
    }
    assert printed(texts) == ["users.[].ssn"]


def test_an_include_in_a_replaced_block_is_not_shown() -> None:
    texts = {
        "page.html": "{% extends 'base.html' %}{% block a %}{% endblock %}",
        "base.html": "{% block a %}{% include 'x.html' %}{% endblock %}",
        "x.html": "{{ gone }}",
    }
    assert printed(texts) == []


def test_the_chain_tells_the_way() -> None:
    texts = {"page.html": "{% extends 'base.html' %}", "base.html": "\n{% include 'x.html' %}", "x.html": "{{ x }}"}
    (output,) = page(texts).all_outputs()
    assert [(step.span.path.rpartition("/")[2], step.span.line, step.note) for step in output.chain] == [
        ("page.html", 1, "extends base.html"),
        ("base.html", 2, "includes x.html"),
    ]
    assert output.span.path == "shop/templates/x.html"


def test_circles_end() -> None:
    assert (
        printed({"page.html": "{% extends 'page.html' %}{% include 'a.html' %}", "a.html": "{{ x }}{% include 'page.html' %}"})
        == []
    )
    assert printed(
        {"page.html": "{% include 'a.html' %}", "a.html": "{{ x }}{% include 'a.html' %}{% include 'page.html' %}"}
    ) == ["x"]
    assert printed({"page.html": "{% extends 'a.html' %}", "a.html": "{% extends 'page.html' %}"}) == []


def test_a_bomb_of_includes_is_a_gap() -> None:
    texts = {f"{n}.html": f"{{% include '{n + 1}.html' %}}" * 10 for n in range(8)} | {"8.html": "{{ x }}"}
    templates = project(texts)
    template = templates.by_name("0.html")
    assert template is not None
    assert len(list(template.all_outputs())) <= MAX_TEMPLATES
    (gap,) = templates.gaps
    assert "put together from more than" in gap.reason


def test_a_very_long_chain_of_includes_is_followed_so_far() -> None:
    templates = project(
        {f"{n}.html": f"{{% include '{n + 1}.html' %}}" + FORM.format(f"{{% include '{n + 1}.html' %}}") for n in range(2_000)}
    )
    template = templates.by_name("0.html")
    assert template is not None
    assert list(template.all_outputs()) == []
    assert any("deep" in gap.reason for gap in templates.gaps)
    form = next(element.form for element in template.elements if element.form)
    assert template.csrf_token(form) is Token.POSSIBLE


# -- CSRF tokens ---------------------------------------------------------------------------------


def test_a_token_in_an_include_of_an_include() -> None:
    texts = {"page.html": FORM.format("{% include 'a.html' %}"), "a.html": "{% include 'b.html' %}", "b.html": "{% csrf_token %}"}
    assert token(texts) is Token.PRESENT


def test_no_token_in_an_include() -> None:
    assert token({"page.html": FORM.format("{% include 'a.html' %}"), "a.html": "{{ form.as_p }}"}) is Token.ABSENT


@pytest.mark.parametrize("inside", ["{% include part %}", "{% include 'nowhere.html' %}", "{% other_tag %}"])
def test_what_is_not_known_may_bring_a_token(inside: str) -> None:
    assert token({"page.html": FORM.format(inside)}) is Token.POSSIBLE


def test_a_token_in_the_block_of_a_child() -> None:
    texts = {
        "page.html": FORM.format("{% block fields %}{% endblock %}"),
        "child.html": "{% extends 'page.html' %}",
        "grandchild.html": "{% extends 'child.html' %}{% block fields %}{% csrf_token %}{% endblock %}",
    }
    assert token(texts) is Token.PRESENT
    texts["grandchild.html"] = "{% extends 'child.html' %}{% csrf_token %}{% block fields %}{% endblock %}"
    assert token(texts) is Token.ABSENT


def test_a_form_that_ends_in_another_file_may_have_a_token() -> None:
    assert token({"page.html": "<form method=post>"}) is Token.POSSIBLE


TAGS = """
from django import template
register = template.Library()

@register.inclusion_tag("a.html", takes_context=True)
def fields(context, form): ...

@register.inclusion_tag("b.html", name="plain")
def other(form): ...

@register.simple_tag
def icon(name): ...

@register.simple_tag(takes_context=True)
def whole(context): ...

@register.tag("compiled")
def do_compile(parser, token): ...
"""


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("fields form", Token.PRESENT),
        ("plain form", Token.ABSENT),
        ("icon 'x'", Token.ABSENT),
        ("whole", Token.POSSIBLE),
        ("compiled", Token.POSSIBLE),
    ],
)
def test_tags_of_the_project(tag: str, expected: Token) -> None:
    texts = {"page.html": FORM.format(f"{{% {tag} %}}"), "a.html": "{% csrf_token %}", "b.html": "{{ form }}"}
    assert token(texts, tags=TAGS) is expected


def test_tags_are_found_however_they_are_registered() -> None:
    text = TAGS + "register.tag('late', do_late)\nregister.inclusion_tag('c.html')(shown)\n"
    library = TagLibrary.read({"x.py": ast.parse(text)})
    kinds = {
        name: [item.kind for item in library.get(name)]
        for name in ("fields", "plain", "icon", "compiled", "late", "shown", "nothing")
    }
    assert kinds == {
        "fields": [TagKind.INCLUSION],
        "plain": [TagKind.INCLUSION],
        "icon": [TagKind.SIMPLE],
        "compiled": [TagKind.OTHER],
        "late": [TagKind.OTHER],
        "shown": [TagKind.INCLUSION],
        "nothing": [],
    }
    assert library.get("shown")[0].template == "c.html"


# -- reading a tree ------------------------------------------------------------------------------


def test_a_tree_is_read_and_what_cannot_be_read_is_a_gap(project: Callable[[dict[str, str]], Path]) -> None:
    root = project(
        {
            "shop/templates/page.html": "{{ x }}",
            "shop/templates/open.html": "\n{% verbatim %}",
            "shop/templatetags/shop.py": TAGS,
            "tests/templates/test.html": "{% comment %}",
        }
    )
    (root / "shop/templates/nul.html").write_bytes(b"a\0")
    templates, gaps = read_templates(Tree(root))
    assert [(gap.path, gap.line) for gap in gaps] == [("shop/templates/nul.html", 0), ("shop/templates/open.html", 2)]
    assert [template.path for template in templates] == ["shop/templates/open.html", "shop/templates/page.html"]
    assert templates.tags.get("icon")


NAMES = ["a.html", "b.html", "c.html"]
BODIES = st.lists(
    st.sampled_from(
        "{% extends 'a.html' %}|{% extends 'b.html' %}|{% include 'a.html' %}|{% include 'b.html' with x=y %}|{% include 'c.html' only %}|"
        "{% block m %}|{% block n %}|{% endblock %}|{{ x.y }}|{{ block.super }}|{% for x in y %}|{% endfor %}|<form method=post>|</form>".split(
            "|"
        )
    ),
    max_size=12,
).map("".join)


@given(st.tuples(BODIES, BODIES, BODIES))
def test_any_templates_can_be_joined(bodies: tuple[str, str, str]) -> None:
    templates = project(dict(zip(NAMES, bodies, strict=True)))
    for template in templates:
        outputs = list(template.all_outputs())
        assert outputs == list(template.all_outputs())
        for element in template.elements:
            if element.form is not None:
                assert template.csrf_token(element.form) in Token
