"""Removes all local state of a home."""

import shutil

from medallion.home import Home


def clean(here: Home) -> None:
    """Stop the warehouse of `here`, if it runs, and remove the folder."""
    from medallion_local.databricks_sql.lifecycle import process

    process.stop(here)
    if here.root.exists():
        shutil.rmtree(here.root)
