"""Accounts in the admin; keys and secrets never show there."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from accounts.models import ApiClient, User

admin.site.register(User, UserAdmin)


@admin.register(ApiClient)
class ApiClientAdmin(admin.ModelAdmin):
    list_display = ["name", "owner", "token_count", "last_used"]
    fields = ["name", "owner"]
    readonly_fields = ["last_used"]

    def has_add_permission(self, request):
        return False
