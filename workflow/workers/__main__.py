"""The supervisor's process: what `up` and `work` become (`become_supervisor`). It loads no app of Django."""

import json
import sys

from chapterflow_site import address

from .supervisor import Child, Supervisor


def main() -> None:
    """Supervise the children that the command line names until SIGTERM, Ctrl-C or SIGHUP."""
    order = json.loads(sys.argv[1])
    supervisor = Supervisor([Child(**each) for each in order["children"]], _say)
    try:
        supervisor.run(lambda: _say(order["greeting"]))
    finally:
        if order["serves"]:
            address.forget()
    if order["serves"]:
        _say("Stopped.")


def _say(text: str) -> None:
    """Print at once, also where the output goes to a file or another process."""
    if text:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
