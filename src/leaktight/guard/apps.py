"""Django's entry to the guard: what is put in place when the site starts."""

from __future__ import annotations

from django.apps import AppConfig


class GuardConfig(AppConfig):
    """`leaktight.guard` in `INSTALLED_APPS`."""

    name = "leaktight.guard"
    label = "leaktight_guard"
    verbose_name = "leaktight guard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put every outlet under guard."""
        from django.core.signals import setting_changed

        from leaktight.guard import checks
        from leaktight.guard.outlets import cache, errors, logs, mail, outgoing, sentry, structured, tasks
        from leaktight.guard.values import threads
        from leaktight.guard.values.own import watch_own_secrets

        watch_own_secrets()
        setting_changed.connect(watch_own_secrets)
        checks.install()
        for hooks in (threads, mail, outgoing, cache, logs, errors, sentry, structured, tasks):
            hooks.install()
