"""The admin page of incidents: what was on its way out, by which way, how often, and what was done."""

from __future__ import annotations

import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma, naturaltime
from django.db.models import Count, Max, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leaktight.guard.conf import Mode
from leaktight.guard.models import Incident
from leaktight.policy import LABELS, Channel

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_DONE = MappingProxyType({Mode.REPORT: "let through", Mode.MASK: "masked", Mode.BLOCK: "stopped"})

_REMEDIES = MappingProxyType(
    {
        Channel.REQUEST_URL: "Let the form post it, and let links carry a handle of the vault instead: addresses are logged everywhere.",
        Channel.REQUEST_BODY: "It came over plain HTTP. Close port 80 for this address or mend the client; who holds the value should change it.",
        Channel.RESPONSE_BODY: "Leave it out of the page or the JSON, or show its last four digits; what must be shown once goes on a SecretPage.",
        Channel.RESPONSE_HEADER: "Leave the header out.",
        Channel.REDIRECT: "Put the value into the vault and redirect with its handle.",
        Channel.COOKIE: "Put the value into the session or the vault: whoever has the browser can read a cookie, a signed one too.",
        Channel.LOG: "Log what happened and to which object, not what was entered.",
        Channel.ERROR_REPORT: "The report was cleaned. Keep the value out of exception texts, so that nobody relies on it.",
        Channel.MAIL: "Send a link to a page behind the login instead of the value.",
        Channel.OUTGOING_HTTP: "Send it over verified HTTPS, in the body or a header, to a host that LEAKTIGHT['HOSTS'] names.",
        Channel.THIRD_PARTY: "The event was cleaned. Send an id instead of the value, so that nobody relies on it.",
        Channel.TASK_QUEUE: "The arguments were sealed. Hand the task a key, and let it read the value itself.",
        Channel.CACHE: "Cache what is the same for everybody; decorate the view with never_cache.",
    }
)


@admin.register(Incident)
class IncidentAdmin(admin.ModelAdmin):
    """Looks only: incidents come and go by themselves."""

    list_display = ("what", "where_to", "written", "seen_in", "done", "times", "last", "first", "of_value")
    list_filter = ("channel", "label", "mode", "form", "last_seen")
    search_fields = ("view", "label", "channel", "fingerprint")
    date_hierarchy = "last_seen"
    list_per_page = 50
    actions = None
    fieldsets = (
        (None, {"fields": ("what", "where_to", "written", "seen_in", "of_value")}),
        ("What was done", {"fields": ("done", "remedy")}),
        ("How often", {"fields": ("count", "first_seen", "last_seen")}),
    )
    readonly_fields = ("what", "where_to", "written", "seen_in", "of_value", "done", "remedy", "count", "first_seen", "last_seen")

    class Media:
        """The looks of the page."""

        css = MappingProxyType({"all": ("leaktight/incidents.css",)})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Incident | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Incident | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list below a summary of the last day and of each way out."""
        return super().changelist_view(request, {"summary": summary(), **(extra_context or {})})

    @admin.display(description="what", ordering="label")
    def what(self, incident: Incident) -> str:
        label = LABELS.get(incident.label)
        return label.title if label else str(incident.label)

    @admin.display(description="on its way into", ordering="channel")
    def where_to(self, incident: Incident) -> str:
        return str(incident.channel).replace("-", " ")

    @admin.display(description="written", ordering="form")
    def written(self, incident: Incident) -> str:
        return str(incident.form or "in several ways")

    @admin.display(description="in", ordering="view", empty_value="outside of views")
    def seen_in(self, incident: Incident) -> str:
        return str(incident.view)

    @admin.display(description="done", ordering="mode")
    def done(self, incident: Incident) -> SafeString:
        return format_html('<span class="leaktight-{}">{}</span>', incident.mode, _DONE.get(incident.mode, incident.mode))

    @admin.display(description="times", ordering="count")
    def times(self, incident: Incident) -> str:
        return str(intcomma(incident.count))

    @admin.display(description="last seen", ordering="last_seen")
    def last(self, incident: Incident) -> SafeString:
        return _ago(incident.last_seen)

    @admin.display(description="first seen", ordering="first_seen")
    def first(self, incident: Incident) -> SafeString:
        return _ago(incident.first_seen)

    @admin.display(description="same value", ordering="fingerprint")
    def of_value(self, incident: Incident) -> str | SafeString:
        """Link to all incidents with the same value."""
        if not incident.fingerprint:
            return "several values"
        address = reverse(f"{self.admin_site.name}:leaktight_guard_incident_changelist")
        return format_html('<a href="{}?q={}"><code>{}</code></a>', address, incident.fingerprint, incident.fingerprint)

    @admin.display(description="what to do")
    def remedy(self, incident: Incident) -> str:
        return _REMEDIES.get(incident.channel, "")


def _ago(moment: datetime.datetime) -> SafeString:
    return format_html('<time datetime="{0}" title="{0}">{1}</time>', moment.isoformat(timespec="seconds"), naturaltime(moment))


def summary() -> dict[str, Any]:
    """Return what the top of the page says: figures, those of the last day among them, and a row for each channel that has any."""
    day = timezone.now() - datetime.timedelta(days=1)
    totals = Incident.objects.aggregate(
        times=Sum("count", default=0),
        kinds=Count("pk"),
        recent=Count("pk", filter=Q(last_seen__gte=day)),
        new=Count("pk", filter=Q(first_seen__gte=day)),
        through=Sum("count", filter=Q(mode=Mode.REPORT), default=0),
    )
    rows = list(
        Incident.objects.order_by().values("channel").annotate(times=Sum("count"), last=Max("last_seen")).order_by("-times")
    )
    channels = [
        {
            "channel": row["channel"],
            "times": intcomma(row["times"]),
            "share": max(1, round(100 * row["times"] / rows[0]["times"])),
            "last": _ago(row["last"]),
        }
        for row in rows
    ]
    return {name: intcomma(number) for name, number in totals.items()} | {"channels": channels, "alarm": totals["through"] > 0}
