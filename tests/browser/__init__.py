"""A person in Chromium, on a real installation."""
