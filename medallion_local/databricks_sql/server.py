"""`python -m medallion_local.databricks_sql.server PORT ENGINE CATALOG` serves a home's warehouse.

Standard input has the token.
"""

import gc
import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import cast

from medallion.home import home
from medallion.private import keep_private
from medallion_local import certificates
from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import Catalog
from medallion_local.databricks_sql.catalog.information_schema import InformationSchema
from medallion_local.databricks_sql.engine import CATALOG
from medallion_local.databricks_sql.engine_name import EngineName
from medallion_local.databricks_sql.engines import open_engine
from medallion_local.databricks_sql.language.complexity import allow_deep_statements
from medallion_local.databricks_sql.lifecycle.certificates import files_of
from medallion_local.databricks_sql.protocol.http import server
from medallion_local.databricks_sql.protocol.service import Service
from medallion_local.databricks_sql.statements import Warehouse
from medallion_local.databricks_sql.storage import Storage

log = logging.getLogger(__name__)


def open_warehouse(engine: EngineName = "sail", first: str = CATALOG) -> Warehouse:
    """Open this home's warehouse, and update its catalog from the Delta logs.

    `first` is the catalog of a session that names none.
    """
    here = home()
    catalog = Catalog(here.warehouse / "catalog.sqlite", here.root, first)
    files = Storage(here)
    files.clear_scratch()
    _reconcile(catalog)
    files.remove_orphans({relation.location for relation in catalog.relations()})
    return Warehouse(
        catalog, files, open_engine(engine, here.warehouse), InformationSchema(catalog), first
    )


def _reconcile(catalog: Catalog) -> None:
    """Copy the Delta logs' columns to the catalog: a kill after a commit leaves old ones there."""
    for relation in catalog.relations():
        if relation.is_view or not storage.exists(relation.location):
            continue
        known = {column.name: column for column in relation.columns}
        try:
            actual = storage.columns_of(relation.location)
        except Exception:
            log.exception("%s cannot be read at %s", relation.full_name, relation.location)
            continue
        if [(c.name, c.type, c.nullable) for c in actual] != [
            (c.name, c.type, c.nullable) for c in relation.columns
        ]:
            merged = [
                known[c.name] if c.name in known and known[c.name].type == c.type else c
                for c in actual
            ]
            catalog.change(relation.key, columns=merged)


def main() -> None:
    """Serve until SIGTERM."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    keep_private()
    allow_deep_statements()
    port, engine = int(sys.argv[1]), cast(EngineName, sys.argv[2])
    token = sys.stdin.readline().strip()
    warehouse = open_warehouse(engine, sys.argv[3])
    tls = certificates.server_context(certificates.ensure(files_of(home())))
    listening = server(Service(warehouse), port, token, tls)

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=listening.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # Parsing creates thousands of cyclic trees. Full collections took a tenth of a build's time:
    # each blocks all threads for 0.2 s. Nearly all trees are collected in a younger generation.
    gc.freeze()
    gc.set_threshold(700, 10, 100)
    log.info("serving on 127.0.0.1:%d", port)
    listening.serve_forever(poll_interval=0.1)
    listening.server_close()
    warehouse.catalog.close()
    warehouse.engine.stop()
    log.info("stopped")
    logging.shutdown()
    # Otherwise Sail's runtime threads would keep the process alive for seconds.
    os._exit(0)


if __name__ == "__main__":
    main()
