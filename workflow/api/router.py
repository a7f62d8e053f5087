"""The router of the process's operations, filled by the modules beside it."""

from ninja import Router

router = Router(tags=["Sessions"])
