"""What both APIs are made of: sign-in, reading of bodies, errors, shared types."""
