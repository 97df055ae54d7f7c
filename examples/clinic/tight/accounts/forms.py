"""What people fill in about their own account."""

from django import forms


class AddressForm(forms.Form):
    email = forms.EmailField(label="Your e-mail address")


class InviteForm(forms.Form):
    email = forms.EmailField()
    first_name = forms.CharField(max_length=150)
    last_name = forms.CharField(max_length=150)
