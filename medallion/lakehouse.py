"""The lakehouse's tables, read through the SQL warehouse like any other client."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from medallion.errors import MedallionError
from medallion.home import home
from medallion.profiles import profiles_dir, require_own

if TYPE_CHECKING:
    from databricks.sql.client import Connection

ANSWER_SECONDS = 10  # the connector itself retries a closed port for a quarter of an hour


@contextmanager
def connected(folder: Path | None = None) -> Iterator["Connection"]:
    """A connection to the warehouse that the profile's default target names.

    Raises `MedallionError` when the warehouse does not answer.
    """
    from databricks import sql  # takes half a second to import; only these callers need it

    path = (folder or profiles_dir()) / "profiles.yml"
    if not path.is_file():
        raise MedallionError(f"{path} does not exist: run `medallion up`, which writes it")
    profile = YAML(typ="safe").load(path)["medallion"]
    target = profile["outputs"][profile["target"]]
    if folder is None:
        require_own(target, home())
    try:
        uri = target.get("connection_parameters", {}).get("_connection_uri")
        place = urlsplit(uri or f"//{target['host']}")
        socket.create_connection(
            (place.hostname, place.port or 443), timeout=ANSWER_SECONDS
        ).close()
        connection = sql.connect(
            server_hostname=target["host"],
            http_path=target["http_path"],
            access_token=target["token"],
            catalog=target["catalog"],
            **target.get("connection_parameters", {}),
        )
    except (OSError, sql.exc.Error) as error:
        raise MedallionError(
            f"the warehouse at {target['host']} does not answer: start it with `medallion up`"
        ) from error
    with connection:
        yield connection


def rows(connection: "Connection", statement: str) -> list[dict[str, Any]]:
    """All rows that `statement` returns, as dictionaries by column name."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
