"""OpenTelemetry spans of model calls, without a word of what is asked or answered.

On where `OTEL_EXPORTER_OTLP_ENDPOINT` is set and the packages are installed (the extra `tracing`); OpenTelemetry's own
environment variables say the rest (service name, headers, sampling).
"""

import logging
import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_ai.models.instrumented import InstrumentationSettings

PACKAGES = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
logger = logging.getLogger(__name__)


def is_configured() -> bool:
    """Return whether the environment names a place for spans."""
    return any(os.environ.get(name) for name in ENDPOINTS)


def instrumentation() -> "InstrumentationSettings | bool":
    """Return how a call is to be traced: with tokens, model and duration, never with text; False: not at all."""
    return _settings(os.getpid()) if is_configured() else False


@cache
def _settings(pid: int) -> "InstrumentationSettings | bool":
    """Begin to export spans, once in each process: the thread that sends them does not live on in a fork."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        logger.warning(
            "no traces: they need packages that are not installed: pip install %s", " ".join(PACKAGES)
        )
        return False
    from pydantic_ai.models.instrumented import InstrumentationSettings

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return InstrumentationSettings(
        tracer_provider=provider,
        include_content=False,
        include_binary_content=False,
        include_model_request_parameters=False,
    )
