"""Every address: one view for each way a parcel's data can leave."""

from django.urls import path

from parcels import answers, computed, cookies, errors, files, later, logs, mails, moves, outgoing, queries, rest, sessions, stores, tasks, tracking

urlpatterns = [
    *(path(f"logs/{view.__name__.replace('_', '-')}/", view) for view in logs.VIEWS),
    *(path(f"answers/{view.__name__.replace('_', '-')}/", view) for view in answers.VIEWS),
    *(path(f"computed/{view.__name__.replace('_', '-')}/", view) for view in computed.VIEWS),
    *(path(f"cookies/{view.__name__.replace('_', '-')}/", view) for view in cookies.VIEWS),
    *(path(f"moves/{view.__name__.replace('_', '-')}/", view) for view in moves.VIEWS),
    *(path(f"sessions/{view.__name__.replace('_', '-')}/", view) for view in sessions.VIEWS),
    *(path(f"stores/{view.__name__.replace('_', '-')}/", view) for view in stores.VIEWS),
    *(path(f"mails/{view.__name__.replace('_', '-')}/", view) for view in mails.VIEWS),
    *(path(f"files/{view.__name__.replace('_', '-')}/", view) for view in files.VIEWS),
    *(path(f"tasks/{view.__name__.replace('_', '-')}/", view) for view in tasks.VIEWS),
    *(path(f"outgoing/{view.__name__.replace('_', '-')}/", view) for view in outgoing.VIEWS),
    *(path(f"errors/{view.__name__.replace('_', '-')}/", view) for view in errors.VIEWS),
    *(path(f"queries/{view.__name__.replace('_', '-')}/", view) for view in queries.VIEWS),
    *(path(f"later/{view.__name__.replace('_', '-')}/", view) for view in later.VIEWS),
    *(path(f"tracking/{view.__name__.replace('_', '-')}/", view) for view in tracking.VIEWS),
    path("rest/register/", rest.Register.as_view()),
    path("rest/accounts/", rest.Accounts.as_view()),
    path("rest/lookup/", rest.Lookup.as_view()),
]
