"""GRANT, REVOKE and SHOW GRANTS: privileges are recorded and shown. Nothing is denied on a laptop.

Source: https://docs.databricks.com/data-governance/unity-catalog/manage-privileges/privileges.html
"""

import pyarrow as pa

from medallion_local.databricks_sql.catalog.grant_store import Grant
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader

_TABLE = {"ALL PRIVILEGES", "APPLY TAG", "MANAGE", "MODIFY", "SELECT", "REFRESH"}
_SCHEMA = _TABLE | {
    "BROWSE", "CREATE FUNCTION", "CREATE MATERIALIZED VIEW", "CREATE MODEL", "CREATE TABLE",
    "CREATE VOLUME", "EXECUTE", "EXTERNAL USE SCHEMA", "READ VOLUME", "USE SCHEMA", "WRITE VOLUME",
}  # fmt: skip
_PRIVILEGES = {
    "TABLE": _TABLE,
    "FUNCTION": {"ALL PRIVILEGES", "APPLY TAG", "EXECUTE", "MANAGE"},
    "SCHEMA": _SCHEMA,
    "CATALOG": _SCHEMA | {"CREATE SCHEMA", "USE CATALOG"},
}
_KINDS = {
    "TABLE": "TABLE", "VIEW": "TABLE", "SCHEMA": "SCHEMA", "DATABASE": "SCHEMA",
    "CATALOG": "CATALOG", "FUNCTION": "FUNCTION",
}  # fmt: skip


def grant(context: Context, sql: str) -> Result:
    """GRANT privileges ON object TO principal, or REVOKE … FROM principal."""
    reader = Reader(sql)
    gives = reader.take("GRANT")
    if not gives:
        reader.expect("REVOKE")
    privileges = [" ".join(each.split()).upper() for each in reader.until("ON").split(",")]
    reader.expect("ON")
    kind, name = _securable(context, reader)
    reader.expect("TO" if gives else "FROM")
    principal = reader.identifier()
    reader.finish()
    privileges = ["ALL PRIVILEGES" if each == "ALL" else each for each in privileges]
    for privilege in privileges:
        if privilege not in _PRIVILEGES[kind]:
            raise SqlError(
                f"[INVALID_PARAMETER_VALUE] Privilege {privilege} is not applicable to this "
                f"entity [{name}:{kind}]: it has {', '.join(sorted(_PRIVILEGES[kind]))}."
            )
    grants = [Grant(kind, name, principal, privilege) for privilege in privileges]
    (context.catalog.grants.add if gives else context.catalog.grants.remove)(grants)
    return done()


def show(context: Context, reader: Reader) -> Result:
    """SHOW GRANTS [principal] ON object: its own grants, and those of its schema and catalog."""
    principal = None if reader.sees("ON") else reader.identifier()
    reader.expect("ON")
    kind, name = _securable(context, reader)
    reader.finish()
    above = name.split(".")
    chain = [(kind, name)]
    if kind in ("TABLE", "FUNCTION"):
        chain.append(("SCHEMA", ".".join(above[:2])))
    if kind != "CATALOG":
        chain.append(("CATALOG", above[0]))
    rows = [
        each
        for one in chain
        for each in context.catalog.grants.on(*one)
        if principal is None or each.principal == principal
    ]
    columns = {
        "Principal": [each.principal for each in rows],
        "ActionType": [each.privilege for each in rows],
        "ObjectType": [each.kind for each in rows],
        "ObjectKey": [each.name for each in rows],
    }
    return result_of(pa.table({name: pa.array(v, pa.string()) for name, v in columns.items()}))


def _securable(context: Context, reader: Reader) -> tuple[str, str]:
    """The object's kind and full name. Raises if it does not exist."""
    kind = "TABLE"
    for word, found in _KINDS.items():
        if reader.sees(word):
            reader.expect(word)
            kind = found
            break
    reader.take("MATERIALIZED", "VIEW")
    reader.take("STREAMING", "TABLE")
    parts = reader.name()
    session = context.session
    if kind == "CATALOG":
        return kind, parts[0].lower()
    if kind == "SCHEMA":
        catalog = parts[-2].lower() if len(parts) > 1 else session.catalog
        context.catalog.require_schema(parts[-1], catalog)
        return kind, f"{catalog}.{parts[-1].lower()}"
    if kind == "TABLE":
        return kind, context.relation(parts).full_name
    raise unsupported(reader.sql)
