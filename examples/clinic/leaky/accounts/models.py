"""People who sign in, the browsers they trust and the systems that call our API."""

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    phone = models.CharField(max_length=32, blank=True)
    is_clinician = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True, blank=True)


class Device(models.Model):
    """A browser that need not be confirmed again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    handle_digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=80)
    created = models.DateTimeField(auto_now_add=True)

    @classmethod
    def remember(cls, user, label):
        """Note a new device and return the handle its browser has to keep."""
        handle = secrets.token_urlsafe(32)
        cls.objects.create(user=user, label=label, handle_digest=digest(handle))
        return handle


class ApiClient(models.Model):
    """A partner's system: it shows its key to call us, and checks our calls with the signing secret."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(User, on_delete=models.CASCADE)
    key_digest = models.CharField(max_length=64, unique=True)
    signing_secret = models.CharField(max_length=64, default=secrets.token_hex)
    token_count = models.PositiveIntegerField(default=0)
    last_used = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return self.name


def digest(value):
    return hashlib.sha256(value.encode()).hexdigest()
