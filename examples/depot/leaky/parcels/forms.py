"""Forms."""

from django import forms


class PayForm(forms.Form):
    card_number = forms.CharField(max_length=30)
    amount = forms.IntegerField(min_value=1, max_value=9)


class NoteForm(forms.Form):
    title = forms.CharField(max_length=80)
    diagnosis = forms.CharField(max_length=120)
