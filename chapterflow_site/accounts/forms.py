"""The forms of signing in and of one's account."""

from django import forms
from django.contrib.auth.models import User


class SignInForm(forms.Form):
    """Name and password, nothing decided about them."""

    username = forms.CharField(
        label="Name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        error_messages={"required": "Enter your name."},
    )
    password = forms.CharField(
        label="Password",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )


class PersonForm(forms.ModelForm[User]):
    """How a person is called."""

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]
        labels = {"first_name": "First name", "last_name": "Last name", "email": "E-mail"}


class TokenForm(forms.Form):
    """A name for a new API token."""

    name = forms.CharField(
        label="What it is for",
        max_length=100,
        required=False,
        help_text="For example: import script on the archive’s server",
    )
