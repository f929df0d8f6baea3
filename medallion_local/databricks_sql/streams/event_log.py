"""The event log of a streaming table: two events per batch, for the update and for the flow.

Source: https://docs.databricks.com/sql/language-manual/functions/event_log.html and
https://docs.databricks.com/ldp/monitor-event-log-schema.html
"""

import json
import time
import uuid
from datetime import UTC, datetime

import pyarrow as pa

from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.streams.source_log import SourceLog

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("sequence", pa.string()),
        ("origin", pa.string()),
        ("timestamp", pa.timestamp("us", "UTC")),
        ("message", pa.string()),
        ("level", pa.string()),
        ("maturity_level", pa.string()),
        ("error", pa.string()),
        ("details", pa.string()),
        ("event_type", pa.string()),
    ]
)


def event(counts: dict) -> dict:
    """The part of an event that a batch stores. The rest is derived from its table."""
    return {"update_id": str(uuid.uuid4()), "time": time.time(), **counts}


def rows(relation: Relation) -> pa.Table:
    """The events of all committed batches, in order."""
    found = []
    for number, batch in SourceLog(relation.location).batches():
        if batch.event:
            found += _events(relation, number, batch.full, batch.event)
    return pa.Table.from_pylist(found, schema=SCHEMA)


def _events(relation: Relation, number: int, full: bool, entry: dict) -> list[dict]:
    origin = {
        "update_id": entry["update_id"],
        "dataset_name": relation.full_name,
        "flow_name": relation.full_name,
        "batch_id": number,
    }
    update = {"create_update": {"cause": "USER_ACTION", "full_refresh": full}}
    flow = {
        "flow_progress": {
            "status": "COMPLETED",
            "metrics": entry["metrics"],
            "data_quality": entry["data_quality"],
        }
    }
    texts = (
        ("create_update", "INFO", f"Update {entry['update_id'][:6]} started.", update),
        ("flow_progress", "INFO", f"Flow '{relation.full_name}' has COMPLETED.", flow),
    )
    return [
        {
            "id": str(uuid.uuid5(uuid.UUID(entry["update_id"]), kind)),
            "sequence": json.dumps({"control_plane_seq_no": 2 * number + position}),
            "origin": json.dumps(origin),
            "timestamp": datetime.fromtimestamp(entry["time"], UTC),
            "message": message,
            "level": level,
            "maturity_level": "STABLE",
            "error": None,
            "details": json.dumps(details),
            "event_type": kind,
        }
        for position, (kind, level, message, details) in enumerate(texts)
    ]
