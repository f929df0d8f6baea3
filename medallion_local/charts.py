"""Charts as PNG files; matplotlib comes with the development tools."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError


def require() -> None:
    """Raise `MedallionError` when matplotlib is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MedallionError(
            "The charts need matplotlib, a development dependency: run `make bench`, which "
            "installs it, or `medallion bench --only backfills`."
        )


@contextmanager
def chart(
    file: Path,
    inches: tuple[float, float],
    *,
    columns: int = 1,
    dots_per_inch: int = 120,
    font_size: int = 9,
) -> Iterator[Any]:
    """The axes to draw on, or an array of them; the file is written when the block ends.

    Equal numbers give equal bytes.
    """
    require()
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    with plt.rc_context({"font.family": "DejaVu Sans", "font.size": font_size}):
        figure, axes = plt.subplots(
            1, columns, figsize=inches, dpi=dots_per_inch, layout="constrained"
        )
        yield axes
        for one in figure.axes:
            one.spines[["top", "right"]].set_visible(False)
        figure.savefig(file, format="png", metadata={"Software": None})
        plt.close(figure)
