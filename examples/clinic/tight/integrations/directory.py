"""The directory of the staff, kept by the hospital group."""

import logging
import ssl

from django.conf import settings
from ldap3 import Connection, Server, Tls
from ldap3.core.exceptions import LDAPException

logger = logging.getLogger(__name__)

BASE = "ou=people,dc=harbourview-group,dc=org"


class DirectoryError(Exception):
    """The directory could not be asked."""


def connect(login, password):
    try:
        server = Server("ldaps://directory.harbourview-group.org", use_ssl=True, tls=Tls(validate=ssl.CERT_REQUIRED))
        return Connection(server, user=login, password=password, auto_bind=True)
    except LDAPException:
        raise DirectoryError(f"cannot sign in as {login}") from None


def find(mail):
    """The entry of one colleague, or None."""
    login, password = settings.DIRECTORY_LOGIN
    with connect(login, password) as connection:
        connection.search(BASE, f"(mail={mail})", attributes=["cn", "telephoneNumber"])
        return connection.entries[0] if connection.entries else None


def refresh(users):
    """Copy phone numbers from the directory; people it does not know are left alone."""
    changed = 0
    for user in users:
        try:
            entry = find(user.email)
        except DirectoryError as problem:
            logger.error("directory: %s", problem)
            break
        if entry is not None:
            user.phone = str(entry.telephoneNumber)
            user.save(update_fields=["phone"])
            changed += 1
    return changed
