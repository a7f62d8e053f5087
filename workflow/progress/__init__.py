"""How far a session is, read from its rows: for pages, the API and the admin."""
