"""Names the codes that say why a board's socket is closed; `board.js` has them too."""

# The browser does not come back after these.
SIGNED_OUT = 4401
NOT_VISIBLE = 4404
# It comes back by itself after these: said too much, said something too long, broke here, did not read.
TOO_TALKATIVE = 4008
TOO_LONG = 4009
BROKEN = 4011
TOO_SLOW = 4013
# It follows without a socket after this one: the person has too many open.
TOO_MANY_BOARDS = 4029
