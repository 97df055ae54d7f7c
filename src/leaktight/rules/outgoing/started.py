"""Words of a command line that switch the check of the other side off, whichever program gets them."""

from __future__ import annotations

import re

_CURL = re.compile(r"-[a-zA-Z#]*k[a-zA-Z#]*$|--(?:proxy-)?insecure$")
_SSH = re.compile(r"StrictHostKeyChecking[= ]?(?:no|off)\b|UserKnownHostsFile[= ]?/dev/null", re.IGNORECASE)
_GIT = re.compile(r"http\.(?:\S+\.)?sslVerify(?:=(?:false|0|no)\b|$)", re.IGNORECASE)
_WORDS = {
    "wget": ("--no-check-certificate",),
    "http": ("--verify=no", "--verify=false"),
    "https": ("--verify=no", "--verify=false"),
    "pip": ("--trusted-host",),
    "pip3": ("--trusted-host",),
    "aws": ("--no-verify-ssl",),
    "kubectl": ("--insecure-skip-tls-verify", "--insecure-skip-tls-verify=true"),
    "helm": ("--insecure-skip-tls-verify", "--kube-insecure-skip-tls-verify"),
    "npm": ("--strict-ssl=false",),
    "lftp": ("ssl:verify-certificate no",),
}
"""Program → options by which it takes every certificate."""
_OVER_SSH = frozenset({"ssh", "scp", "sftp", "rsync", "autossh", "sshpass", "sshfs", "ansible-playbook"})


def unverifying(command: list[str]) -> str | None:
    """The word by which a command is told to check nobody, if it is."""
    program, *words = command
    if program == "curl":
        return next((word for word in words if _CURL.match(word)), None)
    if program in _OVER_SSH:
        found = _SSH.search(" ".join(words))
        return found[0] if found is not None else None
    if program == "git":
        place = next((number for number, word in enumerate(words) if _GIT.match(word)), None)
        if place is None:
            return None
        return words[place] if "=" in words[place] or words[place + 1 : place + 2] in (["false"], ["0"]) else None
    options = _WORDS.get(program, ())
    return next((word for word in words if word in options), None)


def is_taken_on_trust(word: str) -> bool:
    """Tell a word about the host keys of SSH."""
    return _SSH.match(word) is not None
