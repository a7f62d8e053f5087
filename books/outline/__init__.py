"""The outline of a version: its chapters in order, in groups."""
