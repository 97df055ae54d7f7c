"""The servers in front of the site: where they listen, what they redirect, and what they hand on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leaktight.policy import is_safe_host
from leaktight.project.deployment.files import DeploymentFile
from leaktight.source.deployment.words import Directive

HANDS_ON = ("proxy_pass", "uwsgi_pass", "grpc_pass", "fastcgi_pass", "scgi_pass")
_REDIRECT = re.compile(r"(?:30[1278]\s+)?https://")
_PORT = re.compile(r"(?:^|:)(?P<port>\d+)$")
_STANDARD = frozenset({"proxy_params", "mime.types", "uwsgi_params", "fastcgi_params", "wsgi_params", "scgi_params"})
"""Files that come with nginx; the first sets the headers of a forwarded request."""
_FORWARDS = Directive("proxy_set_header", ("X-Forwarded-Proto", "$scheme"), place=None)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Server:
    """One server block, or one virtual host."""

    file: DeploymentFile
    block: Directive
    clear: bool
    """It listens without TLS where others can reach it."""
    tls: bool
    redirects: bool
    """It answers all of plain HTTP with a redirect to HTTPS."""
    serves: bool
    """It hands requests on to an application."""
    behind_proxy: bool
    """It believes what another proxy tells it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts it answers for."""
        return tuple(name for one in self.block.all("server_name") for name in one.arguments)


def servers(files: Sequence[DeploymentFile]) -> tuple[Server, ...]:
    """Give the servers of all files for a public site."""
    found: list[Server] = []
    for file in files:
        if not file.is_public:
            continue
        if file.kind == "nginx":
            found += (_nginx(file, block, files) for block in _blocks(file.directives, "server") if block.inside)
        elif file.kind == "apache":
            found += (_apache(file, block) for block in _blocks(file.directives, "virtualhost"))
        elif file.kind == "caddy":
            found += (
                _caddy(file, block) for block in file.directives if block.inside and block.name and not block.name.startswith("(")
            )
    return tuple(found)


def _blocks(directives: Sequence[Directive], name: str) -> Iterator[Directive]:
    for one in directives:
        if one.name == name:
            yield one
        else:
            yield from one.below(name)


def redirecting(found: Sequence[Server]) -> Server | None:
    """A server that answers plain HTTP with a redirect, when no other one serves the site by it."""
    if any(server.clear and server.serves and not server.redirects for server in found):
        return None
    return next((server for server in found if server.redirects and not server.behind_proxy), None)


def sets_header(files: Sequence[DeploymentFile], header: str) -> bool:
    """Tell whether some server adds a header to what it answers."""
    names = ("add_header", "more_set_headers", "header", "headeralways", "headers")
    return any(
        header.lower() in one.text.lower()
        for file in files
        if file.is_public and file.directives
        for name in names
        for one in _blocks(file.directives, name)
    )


# -- nginx ---------------------------------------------------------------------------------------


def _nginx(file: DeploymentFile, block: Directive, files: Sequence[DeploymentFile]) -> Server:
    inside = tuple(included(block, files))
    whole = Directive(block.name, block.arguments, block.place, inside)
    listens = [one.arguments for one in inside if one.name == "listen" and one.arguments] or [("80",)]
    old = any(one.text == "on" for one in inside if one.name == "ssl")
    text = [one.text for name in ("proxy_set_header", "set_real_ip_from", "if") for one in whole.below(name)]
    return Server(
        file=file,
        block=whole,
        clear=any(not _is_tls(listen, old=old) and is_reachable(listen[0]) for listen in listens),
        tls=any(_is_tls(listen, old=old) for listen in listens),
        redirects=_redirects(inside),
        serves=any(True for name in HANDS_ON for _ in whole.below(name)),
        behind_proxy=any("$http_x_forwarded_proto" in one or "proxy_x_forwarded_proto" in one for one in text)
        or any(True for _ in whole.below("set_real_ip_from")),
    )


def included(block: Directive, files: Sequence[DeploymentFile], depth: int = 5) -> Iterator[Directive]:
    """The directives of a block, with those of included files of the repository, inside its blocks as well."""
    for one in block.inside:
        if one.name == "include" and one.arguments and depth:
            name = one.arguments[0].rpartition("/")[2].removesuffix(".template")
            matching = [file for file in files if file.kind == "nginx" and _is_named(file.path, name)]
            for file in matching[:1]:
                there = Directive("", (), one.place, tuple(other.of(file.path) for other in file.directives))
                yield from included(there, files, depth - 1)
            if not matching:
                yield one
        elif one.inside:
            yield Directive(one.name, one.arguments, one.place, tuple(included(one, files, depth)), one.path)
        else:
            yield one


def _is_named(path: str, name: str) -> bool:
    return bool(name) and path.rpartition("/")[2].removesuffix(".template") == name


def is_unknown(one: Directive) -> bool:
    """Tell an include of a file that is not there and does not come with nginx."""
    return one.name == "include" and not any(argument.endswith(tuple(_STANDARD)) for argument in one.arguments)


def _is_tls(listen: Sequence[str], *, old: bool) -> bool:
    return "ssl" in listen or "quic" in listen or old


def is_reachable(address: str) -> bool:
    """Tell whether others can reach an address a server listens on."""
    host = address.rpartition(":")[0] if ":" in address and not address.endswith("]") else ("" if address.isdigit() else address)
    return not address.startswith("unix:") and is_safe_host(host.strip("[]") or "*") != "loopback"


def _redirects(inside: Sequence[Directive]) -> bool:
    """Tell a redirect of everything: of the server itself, of its root, or on a condition about the scheme."""
    for one in inside:
        if one.name == "return" and _REDIRECT.match(one.text):
            return True
        if one.name == "rewrite" and len(one.arguments) > 1 and one.arguments[1].startswith("https://"):
            return True
        is_whole = one.name == "location" and one.arguments[-1:] == ("/",)
        is_about_scheme = one.name == "if" and re.search(r"scheme|forwarded_proto|https", one.text) is not None
        if (is_whole or is_about_scheme) and _redirects(one.inside):
            return True
    return False


def is_of_the_site(server: Server, passed: Directive) -> bool:
    """Tell whether a request goes where the root of the site goes; other parts may be for other services."""
    roots = [one for one in server.block.below("location") if one.arguments[-1:] == ("/",)]
    targets = {passing.text.partition("://")[2].partition("/")[0] for root in roots for passing in root.below("proxy_pass")}
    return not targets or passed.text.partition("://")[2].partition("/")[0] in targets


def sent_headers(server: Server) -> Iterator[tuple[Directive, dict[str, Directive] | None]]:
    """Each `proxy_pass` with the headers set for it by name; None when a file that is not there may set more.

    nginx takes the headers of the block around only when a block sets none of its own.
    """
    yield from _sent(server.block, {}, [one for one in server.file.directives if one.name != "server"])


def _sent(
    block: Directive, around: dict[str, Directive], outside: Sequence[Directive]
) -> Iterator[tuple[Directive, dict[str, Directive] | None]]:
    here = [*outside, *block.inside]
    own = {one.arguments[0].lower(): one for one in here if one.name == "proxy_set_header" and len(one.arguments) > 1}
    for one in here:
        if one.name == "include" and any(argument.endswith("proxy_params") for argument in one.arguments):
            own.setdefault("x-forwarded-proto", _FORWARDS)
    headers = own or around
    is_open = any(is_unknown(one) for one in here)
    for one in block.inside:
        if one.name == "proxy_pass":
            yield one, None if is_open else headers
        elif one.inside:
            for passed, sent in _sent(one, headers, ()):
                yield passed, None if is_open and sent is headers else sent


# -- Apache and Caddy -----------------------------------------------------------------------------


def _apache(file: DeploymentFile, block: Directive) -> Server:
    tls = any(one.text.lower() == "on" for one in block.below("sslengine"))
    redirects = any(
        "https://" in one.text for name in ("redirect", "redirectpermanent", "rewriterule") for one in block.below(name)
    )
    ports = [match["port"] for argument in block.arguments if (match := _PORT.search(argument)) is not None]
    serves = any(True for name in ("proxypass", "wsgiscriptalias", "proxypassmatch") for _ in block.below(name))
    clear = not tls and any(is_reachable(argument) for argument in block.arguments) and "443" not in ports
    behind = any("X-Forwarded-Proto" in one.text for name in ("rewritecond", "setenvif") for one in block.below(name))
    return Server(file, block, clear=clear, tls=tls, redirects=redirects, serves=serves, behind_proxy=behind)


def _caddy(file: DeploymentFile, block: Directive) -> Server:
    """Caddy asks for certificates and redirects by itself, unless an address says `http://` or only a port."""
    addresses = [address.strip(",") for address in (block.name, *block.arguments)]
    plain = [one for one in addresses if one.startswith("http://") or re.fullmatch(r":(?!443$)\d+", one)]
    plain = [one for one in plain if is_safe_host(one.removeprefix("http://")) != "loopback"]
    named = [one for one in addresses if "." in one and one not in plain]
    serves = any(True for name in ("reverse_proxy", "php_fastcgi") for _ in block.below(name))
    redirects = bool(named) and not plain
    redirects = redirects or any("https://" in one.text for one in block.below("redir"))
    behind = any(True for _ in block.below("trusted_proxies"))
    return Server(file, block, clear=bool(plain), tls=bool(named), redirects=redirects, serves=serves, behind_proxy=behind)
