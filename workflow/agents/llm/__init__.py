"""The language-model backends of the Chapter Writer. Importing this package imports no provider."""

from .providers.backends import PROVIDERS, is_model, split_models
from .calls.call import Timeouts
from .providers.prices import cost_of, has_price
from .calls.streaming import RESET
from .calls.watch import Quote, Watch
from .writer import ModelWriter

__all__ = [
    "PROVIDERS",
    "RESET",
    "ModelWriter",
    "Quote",
    "Timeouts",
    "Watch",
    "cost_of",
    "has_price",
    "is_model",
    "split_models",
]
