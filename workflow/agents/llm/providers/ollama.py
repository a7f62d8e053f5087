"""Asks an Ollama server how many tokens it takes at once: what is more it cuts off without a word."""

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .backends import PROVIDERS, base_url_of, window_of
from .windows import Window, window_for

if TYPE_CHECKING:
    from httpx import AsyncClient
    from pydantic_ai.models import Model

SECONDS = 2.0
# What it loads a model with where nobody says otherwise and the machine is small.
USUAL = 4_096
_NUM_CTX = re.compile(r"^\s*num_ctx\s+(\d{3,9})\s*$", re.MULTILINE)


async def find_window(name: str, model: "Model") -> Window:
    """Return the model's window; of one of Ollama's the server is asked, where nobody has said it."""
    window = window_for(name, window_of(model))
    kind, _, model_name = name.partition(":")
    if kind != "ollama" or window.known_from in {"setting", "answer"}:
        return window
    asked = await ask_window(model_name)
    return Window(asked, "server") if asked else window


async def ask_window(model: str) -> int | None:
    """Return the window of a model of the server, None where the server does not say.

    The model that is loaded has a window; one that is not will get what its file says, or the usual one, and never more
    than it was made for.
    """
    from httpx import AsyncClient  # pydantic-ai needs it, too

    provider = PROVIDERS["ollama"]
    address = (base_url_of(provider) or "").rstrip("/").removesuffix("/v1")
    key = next((os.environ[name] for name in provider.keys if os.environ.get(name)), "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with AsyncClient(base_url=address, headers=headers, timeout=SECONDS) as client:
        shown = await _said(client, "POST", "/api/show", {"model": model})
        if not shown:
            return None
        loaded = _loaded(await _said(client, "GET", "/api/ps"), model)
    return loaded or _to_be_loaded(shown)


async def _said(
    client: "AsyncClient", method: str, path: str, body: Mapping[str, str] | None = None
) -> Mapping[str, object]:
    """Return the object that is answered, an empty one for any fault: the call itself will tell of it."""
    from httpx import HTTPError

    try:
        answer = await client.request(method, path, json=body)
        found: object = answer.json() if answer.is_success else {}
    except (HTTPError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _loaded(running: Mapping[str, object], model: str) -> int | None:
    models = running.get("models")
    for each in models if isinstance(models, list) else []:
        if isinstance(each, Mapping) and {each.get("name"), each.get("model")} & {model, f"{model}:latest"}:
            return _number(each.get("context_length"))
    return None


def _to_be_loaded(shown: Mapping[str, object]) -> int:
    info = shown.get("model_info")
    known = info.items() if isinstance(info, Mapping) else ()
    made_for = [
        size for key, value in known if str(key).endswith(".context_length") and (size := _number(value))
    ]
    said = _NUM_CTX.search(str(shown.get("parameters") or ""))
    return min([int(said[1]) if said else USUAL, *made_for])


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
