"""What calls of models may cost, and what they came to."""
