"""What the error tracker never gets to see."""

KEPT_OF_A_REQUEST = ("method",)
KEPT_OF_A_USER = ("id",)


def scrub(event, hint):
    """Reduce the request and the user of an event to what is needed to find the fault."""
    for part, kept in [("request", KEPT_OF_A_REQUEST), ("user", KEPT_OF_A_USER)]:
        if part in event:
            event[part] = {name: event[part][name] for name in kept if name in event[part]}
    event.pop("breadcrumbs", None)
    return event
