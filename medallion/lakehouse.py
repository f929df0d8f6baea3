"""The lakehouse's tables, read through the SQL warehouse like any other client."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from medallion.errors import MedallionError
from medallion.home import home
from medallion.profiles import profile_name, profiles_dir, rendered, require_own

if TYPE_CHECKING:
    from databricks.sql.client import Connection

ANSWER_SECONDS = 10  # the connector itself retries a closed port for a quarter of an hour


@contextmanager
def connected(
    folder: Path | None = None,
    *,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator["Connection"]:
    """A connection to the warehouse that a target of the profile names.

    `target` is by default the profile's own. `variables` are those of dbt's `--vars`.

    Raises `MedallionError` when the warehouse does not answer.
    """
    from databricks import sql  # takes half a second to import; only these callers need it

    path = (folder or profiles_dir()) / "profiles.yml"
    if not path.is_file():
        raise MedallionError(f"{path} does not exist: run `medallion up`, which writes it")
    profile = YAML(typ="safe").load(path)[profile_name()]
    name = target or profile["target"]
    if name not in profile["outputs"]:
        raise MedallionError(f"{path} has no target {name}: use {', '.join(profile['outputs'])}")
    settings = rendered(profile["outputs"][name], variables or {})
    if folder is None:
        require_own(settings, home())
    try:
        uri = settings.get("connection_parameters", {}).get("_connection_uri")
        place = urlsplit(uri or f"//{_host(settings)}")
        socket.create_connection(
            (place.hostname, place.port or 443), timeout=ANSWER_SECONDS
        ).close()
        connection = sql.connect(
            server_hostname=settings["host"],
            http_path=settings["http_path"],
            catalog=settings["catalog"],
            **_sign_in(settings),
            **settings.get("connection_parameters", {}),
        )
    except (OSError, sql.exc.Error) as error:
        raise MedallionError(
            f"the warehouse at {settings['host']} does not answer: start it with `medallion up`"
        ) from error
    with connection:
        yield connection


def _host(settings: Mapping[str, Any]) -> str:
    """The host without a scheme; a platform may write one in front of it."""
    return str(settings["host"]).partition("://")[2] or str(settings["host"])


def _sign_in(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The connector's arguments for a target's sign-in, with the meaning that dbt gives it."""
    if token := settings.get("token"):
        return {"access_token": token}
    from databricks.sdk.core import Config  # slow to import

    secret = settings.get("client_secret")
    kind = settings.get("auth_type", "oauth")
    if kind == "oauth":
        kind = "oauth-m2m" if secret else "external-browser"
    config = Config(
        host=f"https://{_host(settings)}",
        client_id=settings.get("client_id"),
        client_secret=secret,
        auth_type=kind,
    )
    return {"credentials_provider": lambda: config.authenticate}


def rows(connection: "Connection", statement: str) -> list[dict[str, Any]]:
    """All rows that `statement` returns, as dictionaries by column name."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
