"""Registers the accounts app."""

import django_stubs_ext
from django.apps import AppConfig

# Before any models or admins are loaded, and not in the settings: the supervisor reads them, and needs no types.
django_stubs_ext.monkeypatch()


class AccountsConfig(AppConfig):
    """API tokens and one-time sign-in links for Django's own users."""

    name = "chapterflow_site.accounts"
    label = "accounts"
