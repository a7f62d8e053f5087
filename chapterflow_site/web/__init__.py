"""The web server around Django: limits before anything is parsed, bounded sockets, turns for requests."""
