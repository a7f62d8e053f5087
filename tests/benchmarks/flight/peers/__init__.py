"""The chains on other systems, run by environments of their own: these scripts import nothing of the project."""
