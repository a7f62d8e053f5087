"""The language-model backends of the Chapter Writer. Importing this package imports no provider."""

from .calls.call import Timeouts
from .calls.streaming import RESET
from .calls.watch import Quote, Watch
from .providers.backends import PROVIDERS, account_of, is_model, preload, split_models
from .providers.prices import cost_of, has_price
from .writer import ModelWriter

__all__ = [
    "PROVIDERS",
    "RESET",
    "ModelWriter",
    "Quote",
    "Timeouts",
    "Watch",
    "account_of",
    "cost_of",
    "has_price",
    "is_model",
    "preload",
    "split_models",
]
