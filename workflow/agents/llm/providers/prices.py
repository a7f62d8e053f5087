"""What tokens cost: as the installation states it, as genai-prices has it, or openly not known."""

import ipaddress
import os
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from workflow.contract.money import micros_of

from .backends import PROVIDERS, account_of

MILLION = 1_000_000


def cost_of(model: str, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int | None:
    """Return the cost in millionths of a dollar, rounded up; None where nobody has written a price down.

    `cached_tokens` are those of `input_tokens` that the provider had in its cache.
    """
    cached = min(cached_tokens, input_tokens)
    stated = _stated(model, settings.CHAPTERFLOW_PRICES)
    if stated is not None:
        into, out, from_cache = stated
        tokens = (input_tokens - cached) * into + cached * from_cache + output_tokens * out
        return micros_of(tokens / MILLION)
    if runs_here(model):
        return 0
    return _published(model, _address(model), input_tokens, output_tokens, cached)


def has_price(model: str) -> bool:
    """Return whether a call of the model can be priced."""
    return cost_of(model, MILLION, MILLION) is not None


def runs_here(model: str) -> bool:
    """Return whether the model surely runs on this machine: Ollama or vLLM on loopback, and no model of a cloud."""
    kind, _, name = model.partition(":")
    if kind not in PROVIDERS or not PROVIDERS[kind].is_own or name.endswith(("-cloud", ":cloud")):
        return False
    return _is_loopback(_host(os.environ.get(PROVIDERS[kind].base_url, "")))


def _stated(
    model: str, prices: Mapping[str, tuple[Decimal, Decimal, Decimal]]
) -> tuple[Decimal, Decimal, Decimal] | None:
    """Return dollars per million tokens in, out and from the cache; the longest name that fits counts."""
    if model in prices:
        return prices[model]
    fitting = [name for name in prices if name.endswith("*") and model.startswith(name[:-1])]
    return prices[max(fitting, key=len)] if fitting else None


def _address(model: str) -> str:
    """Return the base URL of a provider that is not asked at its own address: its prices are others'."""
    provider = PROVIDERS.get(model.partition(":")[0])
    url = os.environ.get(provider.base_url, "") if provider else ""
    return "" if provider and provider.host and _host(url) == provider.host else url


@lru_cache(maxsize=2_000)
def _published(model: str, address: str, input_tokens: int, output_tokens: int, cached: int) -> int | None:
    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    kind, _, name = model.partition(":")
    used = Usage(input_tokens=input_tokens, output_tokens=output_tokens, cache_read_tokens=cached)
    try:
        if address:
            found = calc_price(used, model_ref=name, provider_api_url=address)
        else:
            found = calc_price(used, model_ref=name, provider_id=account_of(kind))
    except (LookupError, ValueError):
        return None
    return micros_of(found.total_price)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
