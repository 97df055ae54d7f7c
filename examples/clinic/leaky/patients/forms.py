"""Finding a patient, registering one, and checking in."""

from django import forms

from patients.models import Patient


class FindForm(forms.Form):
    national_id = forms.CharField(label="Health service number", max_length=16)


class RegisterForm(forms.Form):
    email = forms.EmailField()
    first_name = forms.CharField(max_length=150)
    last_name = forms.CharField(max_length=150)
    national_id = forms.CharField(label="Health service number", max_length=16)
    birth_date = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    password = forms.CharField(widget=forms.PasswordInput, min_length=12)

    def clean_national_id(self):
        number = self.cleaned_data["national_id"].replace(" ", "")
        if Patient.objects.filter(national_id=number).exists():
            raise forms.ValidationError("Somebody is registered with this number; ask at the desk.")
        return number
