"""Paying and paying back."""

from django import forms


class CardForm(forms.Form):
    card_number = forms.CharField(max_length=23, widget=forms.TextInput(attrs={"autocomplete": "cc-number"}))
    expiry = forms.RegexField(r"^\d{2}/\d{2}$", label="Expires (mm/yy)")
    cvc = forms.RegexField(r"^\d{3,4}$", widget=forms.PasswordInput, label="Security code")

    def clean_card_number(self):
        number = self.cleaned_data["card_number"].replace(" ", "")
        if not number.isdigit() or not 12 <= len(number) <= 19:
            raise forms.ValidationError("This is not a card number.")
        return number


class RefundForm(forms.Form):
    reason = forms.CharField(max_length=200)
