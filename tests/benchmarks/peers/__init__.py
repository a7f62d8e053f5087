"""The same chain of steps on other systems, each in an environment of its own that is made on demand."""
