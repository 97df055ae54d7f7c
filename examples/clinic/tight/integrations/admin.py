"""Partners in the admin: the password can be replaced, never read."""

from django import forms
from django.contrib import admin
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from integrations.models import Partner


class PartnerForm(forms.ModelForm):
    new_password = forms.CharField(required=False, widget=forms.PasswordInput)

    class Meta:
        model = Partner
        fields = ["name", "address", "login", "active"]

    def save(self, commit=True):
        if self.cleaned_data["new_password"]:
            self.instance.password = self.cleaned_data["new_password"]
        return super().save(commit)


@admin.register(Partner)
class PartnerAdmin(admin.ModelAdmin):
    form = PartnerForm
    list_display = ["name", "address", "active"]

    @method_decorator(sensitive_post_parameters("new_password"))
    def changeform_view(self, request, *args, **kwargs):
        return super().changeform_view(request, *args, **kwargs)
