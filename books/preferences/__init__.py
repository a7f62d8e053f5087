"""What a book's writer is asked for: the keys, their checks, and which of a book's and a version's hold."""
