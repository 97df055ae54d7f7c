"""What the visitor hands over."""

from django import forms


class CombinationForm(forms.Form):
    sensitive_info = forms.CharField(
        label="Combination",
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
