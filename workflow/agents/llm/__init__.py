"""The language-model backends of the Chapter Writer. Importing this package imports no provider."""

from .backends import PROVIDERS, is_model, split_models
from .calls import Timeouts
from .watch import Quote, Watch
from .writer import RESET, ModelWriter

__all__ = ["PROVIDERS", "RESET", "ModelWriter", "Quote", "Timeouts", "Watch", "is_model", "split_models"]
