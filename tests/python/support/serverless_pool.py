"""The emulator of Synapse serverless, over a lake with one small Delta table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medallion.home import Home
from medallion_local.synapse.database import Database
from medallion_local.synapse.run import DATABASE, make_database
from medallion_local.synapse.session import Session
from support.delta_folders import plain

COLUMNS = "[day] date, [country] varchar(6) collate Latin1_General_100_BIN2_UTF8, [plays] bigint"
ROWSET = "openrowset(bulk 'mart', data_source = 'gold', format = 'DELTA')"
SELECT = f"select [day], [country], [plays] from {ROWSET} with ({COLUMNS}) as [rows]"
VIEW = f"create or alter view [serving].[mart] as {SELECT}"


@contextmanager
def session(folder: Path, view: bool = True) -> Iterator[Session]:
    """A session of a fresh database; with the view `serving.mart` by default."""
    home = Home(folder)
    plain(home.lake)
    make_database(home)
    database = Database(home, DATABASE)
    try:
        opened = Session(database)
        if view:
            opened.execute(VIEW)
        yield opened
    finally:
        database.close()
