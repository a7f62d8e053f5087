"""The router of the books' operations, filled by the modules beside it."""

from ninja import Router

router = Router(tags=["Books"])
