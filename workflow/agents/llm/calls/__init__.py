"""One streamed call of a model: its errors, its usage, what may be shown and logged of it."""
