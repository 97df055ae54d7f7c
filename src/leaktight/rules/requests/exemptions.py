"""Where a view is taken out of the CSRF check, and whether it has another proof of who sends the request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.policy import LabelKind, is_safe_host
from leaktight.policy.hosts import THIS_MACHINE
from leaktight.project import Project
from leaktight.project.symbols import FunctionRef, Program
from leaktight.project.views import View
from leaktight.rules.judging import kind_of
from leaktight.rules.reach import Reach, module_statements, statements
from leaktight.rules.requests.wrapping import is_lost
from leaktight.source.code import Code, Op, last_name, walk

_DIRECT = frozenset({"function", "alias", "url", "method:dispatch"})
_PROOF = re.compile(
    r"compare_digest|constant_time_compare|construct_event|unsign(_object)?|salted_hmac|hmac|check_token|verify_oauth2_token|jwt_decode"
    r"|(verify|check|validate|is_valid|valid|is|has|get|authenticate|parse)_?\w*(signature|webhook|hmac|signed|hook|ipn|genuine|jwt|bearer)\w*"
    r"|(verify|check|validate|is_valid|authenticate)_?\w*(token|secret|api_?key|key|basic|caller|origin|sender|request|credentials|auth)\w*"
    r"|\w*(signature|hmac|api_?key|token|basic_?auth|jwt)_(required|check|verif\w+|authenticat\w+|protected)"
    r"|(require|requires)_?\w*(signature|hmac|api_?key|token|basic_?auth|jwt)\w*"
    r"|\w*(Signature|Webhook|HMAC|Hmac|RequestValidator|TokenAuth|BasicAuth|ApiKey|Verifier)\w*|CsrfViewMiddleware"
    r"|\w*(Digest|Basic|Bearer|Token|JWT|Jwt|Key|OAuth2?)Authenticat(or|ion)",
)
_PROOF_TEXT = re.compile(
    r"(HTTP_)?AUTHORIZATION|(HTTP_)?X[-_](?!CSRF|XSRF|FORWARDED|REQUESTED)[\w-]*(SIGNATURE|TOKEN|KEY|SECRET|HMAC|AUTH|SIGN)[\w-]*"
    r"|[\w-]*SIGNATURE|STRIPE_SIGNATURE|BEARER .*|BASIC .*|TOKEN .*",
    re.IGNORECASE,
)
_CHECKS = frozenset({"csrf_protect", "requires_csrf_token"})
_NO_PROOF = frozenset({"check_password", "get_signed_cookie", "authenticate"})
_WRITES = frozenset(
    "save delete asave adelete bulk_create bulk_update update_or_create set_password save_m2m delay apply_async send_mail email_user "
    "objects.create objects.update objects.delete objects.get_or_create objects.acreate objects.aupdate objects.adelete create_user "
    "django.contrib.auth.login django.contrib.auth.logout".split()
)
_SELECTS = frozenset({"objects.filter", "objects.exclude", "objects.all", "get_queryset"})
"""What rows are selected by that `update` then changes; a dictionary has it as well."""
_BY_OTHERS = re.compile(
    r"web_?hooks?|hooks?|call_?back|ipn|notif\w*|notify|postback|complete|acs|sls|saml\w*|oauth\w*|openid\w*|oidc\w*|sso|lti\w*|launch"
    r"|xml_?rpc|soap|csw|wms|wfs|ping|report|beacon|csp\w*",
)
"""Words in the name of what other servers call, or send browsers back to, with a proof of their own."""
_EDITING = frozenset(
    {"CreateView", "UpdateView", "DeleteView", "FormView", "LoginView", "LogoutView", "PasswordChangeView", "GraphQLView"}
)
_DEVELOPMENT = frozenset({"DEBUG", "DEV", "DEV_MODE", "DEVELOPMENT", "IS_DEV", "LOCAL", "TESTING", "TEST_MODE", "IS_TEST"})
_HEADER_TEXT = re.compile(r"(HTTP_)?(X[-_]REQUESTED[-_]WITH|HX[-_]REQUEST)", re.IGNORECASE)
_ASKS_FOR_HEADER = frozenset({"is_ajax", "is_htmx", "is_xhr", "htmx"})
_REFUSALS = re.compile(r"HttpResponse(BadRequest|Forbidden|NotAllowed|NotFound)")
_NAMES = frozenset({Op.NAME, Op.ATTR})
_SIGNED_IN = frozenset({"request.user", "request.auser", "user.is_authenticated"})


def exemptions(view: View, project: Project) -> Iterator[tuple[str, int]]:
    """The file and packed place of each exemption in force on a view."""
    if isinstance(view.ref, FunctionRef):
        yield from _by_attribute(view, project)
    for item in view.decorators:
        if _tail(item.name) == "csrf_exempt" and item.target in _DIRECT:
            if item.target != "function" or not is_lost(view, item.span, project):
                yield item.path, item.span
    for route in view.routes:
        if any(_tail(wrapper) == "csrf_exempt" for wrapper in route.wrappers):
            yield route.path, route.span


def _by_attribute(view: View, project: Project) -> Iterator[tuple[str, int]]:
    """`view.csrf_exempt = True` below the function."""
    for code in module_statements(project.program, view.path):
        if code[0] == Op.ASSIGN and code[3] is not None and code[3][0] == Op.CONST and code[3][2] is True:
            for target in code[2]:
                if target[0] == Op.ATTR and target[3] == "csrf_exempt" and target[2][0] == Op.NAME and target[2][2] == view.name:
                    yield view.path, code[1]


def changes_state(view: View, done: Reach) -> bool:
    """Tell whether a request that is no GET changes something, as far as the code is in sight."""
    if not _EDITING.isdisjoint(_tail(name) for name in view.ancestors):
        return True
    return not _WRITES.isdisjoint(done.called) or ("update" in done.called and not _SELECTS.isdisjoint(done.called))


def answers_changes(view: View, done: Reach) -> bool:
    """Tell whether a view does anything with a request that is no GET; a function says so by what it reads."""
    if view.is_class or {"post", "put", "patch", "delete"} & view.handlers.keys():
        return True
    return bool({"request.POST", "request.FILES", "request.body", "request.data"} & done.used) or "POST" in done.texts


def is_called_by_others(view: View) -> bool:
    """Tell by its name a view that other servers call, or send browsers back to."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", view.name)
    names = [word.lower() for word in words] + ["_".join(words).lower()]
    return any(_BY_OTHERS.fullmatch(name) for name in names)


def is_for_development(view: View, project: Project) -> bool:
    """Tell whether a view refuses everybody before all else, unless a switch of the settings for development is on."""
    return bool(view.handlers) and all(_refuses(statements(project.program, handler)) for handler in view.handlers.values())


def _refuses(body: list[Code]) -> bool:
    first = next((code for code in body if code[0] == Op.IF), None)
    if first is None or not first[3] or first[3][-1][0] not in {Op.RAISE, Op.RETURN}:
        return False
    named = {code[3] for code in walk(first[2]) if code[0] == Op.ATTR and code[2][0] == Op.NAME and code[2][2] == "settings"}
    return first[2][0] == Op.NOT and not named.isdisjoint(_DEVELOPMENT)


def is_given_a_secret(view: View, project: Project) -> bool:
    """Tell whether the address of a view holds a key or token, which no other site knows."""
    functions = [project.program.function(handler) for handler in view.handlers.values()]
    names = [parameter.name for function in functions for parameter in function.parameters]
    names += [name for route in view.routes for name in re.findall(r"<(?:\w+:)?(\w+)>", route.pattern or "")]
    matches = [match for name in names if (match := project.recogniser.recognise(name)) is not None]
    return any(kind_of(match.label) is LabelKind.CREDENTIAL for match in matches)


def checks_inside(view: View, project: Project) -> bool:
    """Tell a view that hands its request to a function of its own with Django's check on it."""
    program = project.program
    made = (
        program.function(FunctionRef(handler.path, code[3]))
        for handler in view.handlers.values()
        for code in program.pieces(handler)
        if code[0] == Op.DEFINE
    )
    return any(last_name(decorator) in _CHECKS for function in made for decorator in function.decorators)


def demands_header(done: Reach, program: Program) -> bool:
    """Tell whether the view, or a decorator of it, turns away what lacks a header that a link or a form of another site cannot send."""
    return any(_turns_away(statements(program, function)) for function in done.functions)


def _turns_away(body: list[Code]) -> bool:
    """`if not is_ajax(request): raise Http404` before all else, or `if request.headers.get("HX-Request"): …` and a refusal after it."""
    texts = {
        target[2]: code[3]
        for code in body
        if code[0] == Op.ASSIGN and code[3] is not None and code[3][0] == Op.CONST
        for target in code[2]
        if target[0] == Op.NAME
    }
    for index, code in enumerate(body):
        if code[0] != Op.IF or not any(
            _is_about_header(texts.get(item[-1], item) if item[0] == Op.NAME else item) for item in walk(code[2])
        ):
            continue
        test = code[2]
        if test[0] == Op.NOT or (test[0] == Op.TEST and test[3] in {"!=", "not in"}):
            if code[3] and code[3][-1][0] in {Op.RAISE, Op.RETURN}:
                return True
        elif _is_refusal(code[4] or body[index + 1 :]):
            return True
    return False


def _is_refusal(body: list[Code]) -> bool:
    """`raise PermissionDenied` or `return HttpResponseForbidden()`, and nothing else."""
    if len(body) != 1 or body[0][0] not in {Op.RAISE, Op.RETURN}:
        return False
    value = body[0][2]
    return body[0][0] == Op.RAISE or (
        value is not None and value[0] == Op.CALL and _REFUSALS.fullmatch(last_name(value[2])) is not None
    )


def _is_about_header(code: Code) -> bool:
    if code[0] == Op.CONST:
        return isinstance(code[2], str) and _HEADER_TEXT.fullmatch(code[2]) is not None
    return code[0] in {Op.NAME, Op.ATTR} and code[-1] in _ASKS_FOR_HEADER


def knows_its_user(done: Reach) -> bool:
    """Tell whether the code asks who is signed in by the cookie of the session."""
    return not _SIGNED_IN.isdisjoint(done.used)


def proves_itself(done: Reach, program: Program) -> bool:
    """Tell whether the request is checked by a signature, a key or a token that no other site can make a browser send.

    A key beside the session proves nothing: who leaves it out is known by the cookie.
    """
    names = {_tail(name) for name in done.called}
    if not any(map(_is_proof, names)) and not any(map(_is_proof_text, done.texts)):
        return False
    return not (knows_its_user(done) and any(_takes_session_instead(program, function) for function in done.functions))


def _takes_session_instead(program: Program, function: FunctionRef) -> bool:
    """`if "HTTP_AUTHORIZATION" in request.META: … elif request.user.is_authenticated: …`, either way round."""
    return any(
        code[0] == Op.IF and code[4] and _asks_for_proof([code[2], *code[3]]) and _asks_for_user(code[4][0])
        for code in walk(statements(program, function))
    )


def _asks_for_proof(codes: list[Code]) -> bool:
    return any(code[0] == Op.CONST and isinstance(code[2], str) and _is_proof_text(code[2]) for code in walk(codes))


def _asks_for_user(code: Code) -> bool:
    """`elif request.user.is_authenticated`, that is an `if` and nothing else in the other branch."""
    return code[0] == Op.IF and any(
        item[0] == Op.ATTR and item[3] == "is_authenticated" and item[2][0] in _NAMES and item[2][-1] in {"user", "auser"}
        for item in walk(code[2])
    )


def _is_proof(name: str) -> bool:
    return name not in _NO_PROOF and _PROOF.fullmatch(name) is not None


def _is_proof_text(text: str) -> bool:
    return _PROOF_TEXT.fullmatch(text.strip()) is not None


def trusts_everybody(origin: str) -> str | None:
    """Why a trusted origin is none that can be trusted; None when it is."""
    scheme, _, host = origin.rpartition("://")
    if host in {"*", "*.*"} or re.fullmatch(r"\*\.(com|org|net|io|dev|app|co|eu|de|uk)", host):
        return "every site is trusted"
    if scheme == "http" and host.partition(":")[0] not in THIS_MACHINE and is_safe_host(origin.replace("*.", "")) is None:
        return "pages that came over plain HTTP are trusted"
    return None


def _tail(name: str) -> str:
    return name.rpartition(".")[2]
