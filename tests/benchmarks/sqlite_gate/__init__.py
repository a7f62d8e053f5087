"""A database backend to compare with: SQLite behind a gate that lets writers in by their turn."""
