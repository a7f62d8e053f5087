"""Reads from a session's rows how far it is, for pages, the API and the admin."""
