"""Checks of what the emulators need: the loopback, the engines, the source and the warehouse."""

import socket
import urllib.request
from collections.abc import Iterator

from medallion.errors import MedallionError
from medallion.finding import Finding, fault, note, ok
from medallion.home import Home
from medallion_local.databricks_sql.lifecycle.condition import Condition, condition
from medallion_local.databricks_sql.spark import distribution


def examine(home: Home) -> Iterator[Finding]:
    """The loopback, proxies, Java for the engine Spark, the source database, and the warehouse."""
    yield _loopback()
    yield _proxy()
    yield _java()
    yield _source(home)
    yield _warehouse(home)


def _loopback() -> Finding:
    try:
        address = socket.gethostbyname("localhost")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError as error:
        fix = "Allow connections to 127.0.0.1, and name it `localhost` in /etc/hosts."
        return fault("ports", f"No connection to 127.0.0.1 is possible ({error}).", fix)
    if address != "127.0.0.1":
        fix = "Add `127.0.0.1 localhost` to /etc/hosts."
        return fault("ports", f"`localhost` is {address} on this machine.", fix)
    return ok("ports", f"127.0.0.1 has free ports, such as {port}.")


def _proxy() -> Finding:
    proxies = {
        name: url for name, url in urllib.request.getproxies().items() if name in ("http", "https")
    }
    if not proxies or urllib.request.proxy_bypass("127.0.0.1"):
        return ok("proxy", "Connections to 127.0.0.1 use no proxy.")
    fix = "Run `export NO_PROXY=127.0.0.1,localhost`."
    return fault("proxy", f"Clients reach 127.0.0.1 by a proxy: {', '.join(proxies)}.", fix)


def _java() -> Finding:
    try:
        return ok("java", f"{distribution.java()}, which only the engine Spark needs.")
    except MedallionError as error:
        return note("java", str(error), "The embedded engine, which is the default, needs no Java.")


def _source(home: Home) -> Finding:
    if home.source_database.exists():
        return ok("source", f"{home.source_database}.")
    fix = "Run `make demo`, or `medallion source init`."
    return note("source", f"{home.source_database} does not exist.", fix)


def _warehouse(home: Home) -> Finding:
    found, said = condition(home)
    if found is Condition.UP:
        return ok("warehouse", said)
    said, _, fix = said.partition(": ")
    kind = fault if found is Condition.UNUSABLE else note
    return kind("warehouse", f"{said}.", fix[:1].upper() + fix[1:])
