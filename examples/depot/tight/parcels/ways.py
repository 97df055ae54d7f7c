"""Decorators the views share."""

from functools import wraps

from django.http import HttpResponseNotAllowed
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters


def taking(view):
    """A view that takes what is posted, and keeps it out of error reports and caches."""

    @sensitive_post_parameters()
    @never_cache
    @wraps(view)
    def taken(request):
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return view(request)

    return taken
