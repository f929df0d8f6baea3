"""The server process: `python -m medallion.local.warehouse.server PORT`; its token is on stdin."""

import gc
import logging
import os
import signal
import sys
import threading
from types import FrameType

from medallion.home import home
from medallion.local import certificates
from medallion.local.warehouse import storage
from medallion.local.warehouse.catalog import Catalog
from medallion.local.warehouse.certificates import files_of
from medallion.local.warehouse.engine import Engine
from medallion.local.warehouse.http import server
from medallion.local.warehouse.information_schema import InformationSchema
from medallion.local.warehouse.service import Service
from medallion.local.warehouse.statements import Warehouse
from medallion.local.warehouse.storage import Storage

log = logging.getLogger(__name__)


def open_warehouse() -> Warehouse:
    """Open this home's warehouse, and reconcile its catalog with the Delta logs."""
    here = home()
    catalog = Catalog(here.warehouse / "catalog.sqlite", here.root)
    files = Storage(here)
    files.clear_scratch()
    _reconcile(catalog)
    files.remove_orphans({relation.location for relation in catalog.relations()})
    return Warehouse(catalog, files, Engine(), InformationSchema(catalog))


def _reconcile(catalog: Catalog) -> None:
    """A kill after a Delta commit leaves old columns in the catalog: take the Delta log's."""
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
    port, token = int(sys.argv[1]), sys.stdin.readline().strip()
    warehouse = open_warehouse()
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
    warehouse.engine.addresses.close()
    log.info("stopped")
    logging.shutdown()
    # Otherwise Sail's runtime threads would keep the process alive for seconds.
    os._exit(0)


if __name__ == "__main__":
    main()
