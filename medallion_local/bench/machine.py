"""The machine of a measurement, in one sentence."""

import platform
from pathlib import Path

import psutil

from medallion_local.bench.measured import GIB


def machine() -> str:
    """Processor, cores, memory, system and Python."""
    info = Path("/proc/cpuinfo")
    names = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in names if line.startswith("model name")]
    model = (models or [platform.processor() or platform.machine()])[0]
    memory = psutil.virtual_memory().total / GIB
    return (
        f"{model}, {psutil.cpu_count()} cores, {memory:.0f} GiB of memory, "
        f"{platform.system()}, Python {platform.python_version()}."
    )
