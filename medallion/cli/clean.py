"""`medallion clean`: stop the warehouse and remove all local state."""

import shutil

from medallion.cli.console import out
from medallion.home import Home, home


def clean(here: Home) -> None:
    """Stop the warehouse of `here`, if it runs, and remove the folder."""
    from medallion.local.warehouse import process

    process.stop(here)
    if here.root.exists():
        shutil.rmtree(here.root)


def clean_home() -> None:
    """Stop the warehouse and remove all local state: source, lake, tables, logs."""
    here = home()
    clean(here)
    out.print(f"Removed {here.root}.")
