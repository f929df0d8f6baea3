"""The features of a Delta log that Synapse serverless cannot read: it supports only version 1.

Sources: https://learn.microsoft.com/azure/synapse-analytics/sql/resources-self-help-sql-on-demand
(Delta Lake), https://learn.microsoft.com/azure/synapse-analytics/sql/query-delta-lake-format
"""

from collections.abc import Iterator

from medallion_local.synapse.check.finding import Finding
from medallion_local.synapse.check.log import Log

REBUILD = "set it so in dbt_project.yml, and rebuild with `dbt run --full-refresh --select {}`"
# An existing table keeps its enabled features, so every fix ends with a new table.
PROPERTIES = {  # table property: the harmless values, the fix
    "delta.enableDeletionVectors": ({"false"}, "make it false"),
    "delta.columnMapping.mode": ({"none"}, "make it none"),
    "delta.enableRowTracking": ({"false"}, "make it false"),
    "delta.checkpointPolicy": ({"classic"}, "make it classic"),
}
FEATURES = {  # table feature: the setting or type that enables it
    "deletionVectors": "delta.enableDeletionVectors",
    "columnMapping": "delta.columnMapping.mode",
    "rowTracking": "delta.enableRowTracking",
    "v2Checkpoint": "delta.checkpointPolicy",
    "timestampNtz": "a column of type timestamp_ntz",
    "clustering": "liquid clustering",
    "variantType": "a column of type variant",
    "typeWidening": "delta.enableTypeWidening",
}


def unreadable_features(table: str, log: Log) -> Iterator[Finding]:
    """The reader version, properties, features, files and checkpoints that prevent reading."""
    rebuild = REBUILD.format(table)
    version = log.protocol.get("minReaderVersion", 1)
    if version > 1:
        yield Finding(
            table,
            f"minReaderVersion is {version}",
            f"Synapse reads only version 1; turn off the features that need more, and {rebuild}",
        )
    for name, (harmless, fix) in PROPERTIES.items():
        value = log.configuration.get(name)
        if value is not None and value.lower() not in harmless:
            yield Finding(table, f"{name} is {value}", f"{fix}: {rebuild}")
    for name in sorted(log.features & set(FEATURES)):
        yield Finding(table, f"the feature {name} is on", f"disable {FEATURES[name]}: {rebuild}")
    marked = sum(bool(add.get("deletionVector")) for add in log.adds)
    if marked:
        yield Finding(
            table,
            f"{marked} files have deletion vectors",
            f"deleted rows would come back; `REORG TABLE … APPLY (PURGE)`, or {rebuild}",
        )
    mapped = [
        field["name"]
        for field in log.fields
        if any(key.startswith("delta.columnMapping.") for key in field.get("metadata") or {})
    ]
    if mapped:
        yield Finding(
            table,
            f"the columns {', '.join(mapped)} are mapped to other names",
            f"they would be NULL; {rebuild}",
        )
    if log.v2_checkpoints:
        yield Finding(
            table,
            f"{log.v2_checkpoints[0]} is a v2 checkpoint",
            f"make delta.checkpointPolicy classic: {rebuild}",
        )
