"""Add a partner's system; its key is written to a file only the operator can read."""

import os
import secrets

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from accounts.models import ApiClient, digest


class Command(BaseCommand):
    help = "Add a partner's system that may call the API."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("owner", help="user name of the person who answers for it")
        parser.add_argument("key_file", help="where to write the key")

    def handle(self, *args, name, owner, key_file, **options):
        key = secrets.token_urlsafe(32)
        user = get_user_model().objects.get(username=owner)
        ApiClient.objects.create(name=name, owner=user, key_digest=digest(key))
        target = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(target, "w") as file:
            file.write(key)
        self.stdout.write(f"{name} was added, its key is in {key_file}")
