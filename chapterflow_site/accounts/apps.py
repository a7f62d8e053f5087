"""Registers the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """API tokens and one-time sign-in links for Django's own users."""

    name = "chapterflow_site.accounts"
    label = "accounts"
