"""The workbench of one chapter: how far it is, its tries, its texts, in words for a person."""
