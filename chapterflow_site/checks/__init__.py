"""System checks, one module a subject: mistakes in the settings are found before the start."""
