""" "Session S has events up to N": from the process that commits to the web servers, by datagram and Redis."""
