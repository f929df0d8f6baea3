"""`medallion clean`: stop the warehouse and remove all local state."""

from medallion.console import out
from medallion.home import home
from medallion_local.clean import clean


def clean_home() -> None:
    """Stop the warehouse and remove all local state: source, lake, tables, logs."""
    here = home()
    clean(here)
    out.print(f"Removed {here.root}.")
