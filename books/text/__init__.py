"""Pure functions about text in any language: its words, its sentences, which language it is in, how it runs."""
