"""Several processes of one kind, kept running until this one is told to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from curation.embedded.run.children import Child, stop_children
from curation.embedded.run.stopping import StopRequested, check_stop, on_signals, request_stop


def keep_running(name: str, body: Callable[[], object], count: int, *, grace: float) -> None:
    """Run `body` in `count` processes until SIGTERM; one that dies is started again.

    Args:
        name: What they are called in the log.
        body: Runs until SIGTERM.
        count: How many.
        grace: Seconds they get to finish what they are doing.

    Raises:
        ServerError: One died five times in a row within ten seconds of its start.
    """
    pool = [Child(name=f"{name} {number}", log=None, body=body) for number in range(1, count + 1)]
    on_signals(request_stop)
    try:
        for child in pool:
            child.start()
        while True:
            check_stop()
            for child in pool:
                child.tend()
            time.sleep(0.1)
    except StopRequested:
        pass
    finally:
        on_signals(signal.SIG_IGN)
        stop_children(pool, grace)
