"""What lies in the database while a project is proved: a user of each role, and an object of each model for each of them."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.db import models, transaction
from django.utils import timezone

from leaktight.prove.canary import Canary, Kind
from leaktight.prove.project.fields import Filler, label_of_column

_LEFT_OUT = ("django.contrib.", "leaktight.")
_LONGEST_NAME = 150
"""As long as the name of a group may be."""
_MOST_MISSING = 6
"""How many rows a signal may ask for, one after the other."""
_POWERS = ("is_", "can_", "has_")


class Role(StrEnum):
    """Who asks, from the one who may least to the one who may most."""

    ANONYMOUS = "anonymous"
    USER = "user"
    STAFF = "staff"
    SUPERUSER = "superuser"
    OTHER = "another user"
    """Somebody with the rights of `user`, to whom nothing belongs that is planted."""


SIGNED_IN = (Role.USER, Role.STAFF, Role.SUPERUSER)


class Stock:
    """Objects made with canaries; what a probe deletes is made again when it is asked for."""

    def __init__(self, filler: Filler) -> None:
        self._filler = filler
        self._made: dict[tuple[Role, Any], Any] = {}
        self._making: set[tuple[Role, Any]] = set()
        self.passwords: dict[Role, Canary] = {}
        self.seeded: dict[str, Canary] = {}
        """The canaries that lie in the database: text → canary."""
        self.unmade: Exception | None = None
        """Why there is no user, when none could be made."""

    def fill(self) -> None:
        """Make everything."""
        for role in SIGNED_IN:
            self.user(role)
        for role in SIGNED_IN:
            for model in apps.get_models():
                if not model.__module__.startswith(_LEFT_OUT):
                    self.of(role, model)

    def user(self, role: Role) -> Any:
        """Return the user of a role; None where the project has no users, or none that can be filled."""
        return self.of(role, get_user_model()) if apps.is_installed("django.contrib.auth") else None

    def of(self, role: Role, model: Any) -> Any:
        """Return the object of a model that belongs to a role; None when none can be made."""
        if role is Role.ANONYMOUS:
            role = Role.USER
        key = (role, model)
        known = self._made.get(key)
        # Read anew: what was kept may remember relations that were never saved.
        fresh = model._base_manager.filter(pk=known.pk).first() if known is not None and known.pk is not None else None  # noqa: SLF001
        if fresh is not None:
            return fresh
        if key in self._making or not model._meta.managed or model._meta.proxy or model._meta.swapped:  # noqa: SLF001
            return None
        self._making.add(key)
        try:
            self._make(role, model)
        finally:
            self._making.discard(key)
        made = self._made.get(key)
        return model._base_manager.filter(pk=made.pk).first() if made is not None else None  # noqa: SLF001

    def _make(self, role: Role, model: Any) -> None:
        """Make an object. One no rule of ours can fill is left out; what hangs on it is told as not exercised."""
        is_user = apps.is_installed("django.contrib.auth") and model is get_user_model()
        for _ in range(_MOST_MISSING):
            try:
                with transaction.atomic():
                    self._made[role, model] = self._user(role, model) if is_user else self._object(role, model)
            except ObjectDoesNotExist as error:
                self.unmade = error if is_user else self.unmade
                if not self._is_made_now(role, error):
                    return
            except Exception as error:  # noqa: BLE001 - whatever a signal of the project may raise
                self.unmade = error if is_user else self.unmade
                return
            else:
                self.unmade = None if is_user else self.unmade
                return

    def _is_made_now(self, role: Role, error: ObjectDoesNotExist) -> bool:
        """Make what a signal looked for and did not find, as fixtures would have: the first row of an empty table."""
        for model in apps.get_models():
            if isinstance(error, model.DoesNotExist):
                return not model._base_manager.exists() and self.of(role, model) is not None  # noqa: SLF001
        return False

    def _user(self, role: Role, model: Any) -> Any:
        values = dict(self._values(role, model))
        password = self.passwords.get(role) or self._filler.mint.canary(
            Kind.PASSWORD, label="password", name="password", planted=f"the password of the {role}"
        )
        self.passwords[role] = password
        user = model(**{name: value for name, value in values.items() if name not in {"password", "last_login"}})
        user.is_active = True
        for field in model._meta.fields:  # noqa: SLF001
            if isinstance(field, models.BooleanField) and field.name.startswith(_POWERS) and field.name != "is_active":
                powerful = role is Role.SUPERUSER or (role is Role.STAFF and field.name != "is_superuser")
                setattr(user, field.name, powerful)
        user.set_password(password.text)
        user.save()
        if role is Role.SUPERUSER:
            for group in apps.get_model("auth.Group").objects.all():  # those that migrations make
                self._put_into(user, group)
        return user

    def join(self, role: Role, name: str) -> bool:
        """Put the user of a role into a group, which is made where there is none; tell whether that is new."""
        user = self.user(role)
        if user is None or not name or len(name) > _LONGEST_NAME:
            return False
        group, _ = apps.get_model("auth.Group").objects.get_or_create(name=name)
        return self._put_into(user, group)

    @staticmethod
    def _put_into(user: Any, group: Any) -> bool:
        groups: Any = getattr(user, "groups", None)
        if groups is None or groups.model is not type(group) or groups.filter(pk=group.pk).exists():
            return False
        groups.add(group)
        return True

    def _object(self, role: Role, model: Any) -> Any:
        values = dict(self._values(role, model))
        for field in model._meta.concrete_fields:  # noqa: SLF001
            if isinstance(field, models.OneToOneField) and field.name in values and not field.primary_key:
                # A signal may have made it together with the other one.
                there = model._base_manager.filter(**{field.name: values[field.name]}).first()  # noqa: SLF001
                if there is not None:
                    return there
        made = model(**values)
        made.save()
        return made

    def _values(self, role: Role, model: Any) -> Iterator[tuple[str, Any]]:
        for field in model._meta.concrete_fields:  # noqa: SLF001
            if field.auto_created or isinstance(field, models.AutoField) or getattr(field, "generated", False):
                continue
            if isinstance(field, models.ForeignKey):
                related = self.of(role, field.related_model) if field.related_model is not model else None
                if related is not None:
                    yield field.name, related
            elif field.has_default() and not label_of_column(model.__name__, field.name, field):
                continue
            else:
                value = self._value(role, model, field)
                if value is not None:
                    yield field.name, value

    def _value(self, role: Role, model: Any, field: Any) -> Any:
        if field.choices:
            return next((value for value, _ in field.flatchoices if value not in {"", None}), None)
        match field:
            case models.BooleanField():
                return False
            case models.DateTimeField():
                return timezone.now() + datetime.timedelta(hours=1)
            case models.DateField():
                return datetime.date(1990, 4, 1)
            case models.TimeField():
                return datetime.time(10, 30)
            case models.DurationField():
                return datetime.timedelta(hours=1)
            case models.DecimalField():
                return decimal.Decimal(1)
            case models.IntegerField() | models.FloatField():
                return 1
            case models.JSONField():
                return {}
            case models.BinaryField():
                return b""
            case models.GenericIPAddressField():
                return "192.0.2.7"
            case models.FileField():
                return None
            case _:
                return self._text(model, field)

    def _text(self, model: Any, field: Any) -> Any:
        place = f"the column {field.name} of {model._meta.label}"  # noqa: SLF001
        filled = self._filler.fill(field.name, field, place)
        label = label_of_column(model.__name__, field.name, field)
        if filled.canary is not None and label:
            self.seeded[filled.canary.text] = replace(filled.canary, label=label)
        return filled.value
