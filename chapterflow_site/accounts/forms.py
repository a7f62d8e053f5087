"""The forms of signing in and of one's account."""

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User

from .actions import TOKEN_DAYS


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
    days = forms.TypedChoiceField(
        label="It works for",
        choices=[(30, "30 days"), (90, "90 days"), (365, "a year"), (0, "always, until it is revoked")],
        coerce=int,
        initial=TOKEN_DAYS,
        required=False,
    )

    def clean_days(self) -> int:
        """Return the usual time where none was chosen."""
        days = self.cleaned_data["days"]
        return TOKEN_DAYS if days in {None, ""} else int(days)


class _EndsTokens(forms.Form):
    """Whether a new password ends what the earlier one may have opened for somebody else."""

    ends_tokens = forms.BooleanField(
        label="Also end my API tokens",
        required=False,
        initial=True,
        help_text="Leave this on where somebody else may have known the password.",
    )


class ChangePasswordForm(_EndsTokens, PasswordChangeForm):
    """The old password, the new one twice."""

    field_order = ["old_password", "new_password1", "new_password2", "ends_tokens"]


class FirstPasswordForm(_EndsTokens, SetPasswordForm):  # type: ignore[type-arg]  # generic for mypy only
    """The new password twice, where there is no old one."""

    field_order = ["new_password1", "new_password2", "ends_tokens"]
