"""An upload's bytes: which kind of file they are, their text, and where in it a value stands."""
