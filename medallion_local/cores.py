"""The processor cores of this machine."""

import os
import sys
from contextlib import suppress
from pathlib import Path


def cores() -> int:
    """The processor cores that this process may use, under Linux with its container's quota."""
    found = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        found = min(found, max(1, int(quota) // int(period)))
    return found
