"""Who may see a page, and that no cache keeps it."""

from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


@method_decorator(never_cache, name="dispatch")
class PrivateMixin(LoginRequiredMixin):
    """A page for signed-in people."""


class StaffMixin(UserPassesTestMixin, PrivateMixin):
    """A page for the people who work here."""

    def test_func(self):
        return self.request.user.is_staff
