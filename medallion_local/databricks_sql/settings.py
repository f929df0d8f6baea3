"""The settings of a session: which exist on a SQL warehouse, and what each one does here.

A setting is obeyed by the engine, or accepted because it cannot change an answer. A value that
cannot be obeyed and a key that a SQL warehouse does not have are refused.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-parameters.html and
https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-conf-mgmt-set.html
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow as pa

from medallion_local.databricks_sql.engine import Result, Settings, result_of
from medallion_local.databricks_sql.engine_name import EngineName
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader

UTC = ("UTC", "ETC/UTC", "Z", "+00:00", "GMT", "ZULU")
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?[+-]\d{1,2}(?::\d{2})?(?::\d{2})?")
# Keys that clients set when they open a session. They tell the server how to send results.
_OF_CLIENTS = ("spark.thriftserver.", "spark.sql.thriftserver.", "hive.server2.", "set:", "use:")


LONGEST = 2 * 24 * 3600  # seconds of a statement, on Databricks too


@dataclass(frozen=True)
class Setting:
    """A setting of a SQL warehouse. `conf` is Spark's name of it if the engine obeys it."""

    key: str
    default: str
    values: Callable[[str], bool]
    conf: str = ""
    spark_key: str = ""
    only_on_spark: tuple[str, ...] = ()


def _is_flag(value: str) -> bool:
    return value.upper() in ("TRUE", "FALSE")


def _is_zone(value: str) -> bool:
    if value.upper() in UTC or _OFFSET.fullmatch(value):
        return True
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        return False
    return "/" in value or value.isupper()


def _problem_of_timeout(value: str) -> str | None:
    """Why a text is not a STATEMENT_TIMEOUT, as a subcondition and a sentence, or None."""
    if re.fullmatch(r"[+-]?\d{1,18}", value) is None:
        return f"NOT_AN_INTEGER] Invalid value for statement_timeout: {value} is not an integer."
    if int(value) > LONGEST:
        return (
            f"ABOVE_MAXIMUM] Invalid value for statement_timeout: {value} is greater than maximum "
            f"allowed timeout {LONGEST}."
        )
    if int(value) < 0:
        return (
            f"BELOW_MINIMUM] Invalid value for statement_timeout: {value} is lower than minimum "
            "allowed timeout 0."
        )
    return None


def _is_size(value: str) -> bool:
    return re.fullmatch(r"\d+\s*[kmgtp]?b?", value, re.IGNORECASE) is not None


SETTINGS = (
    # Obeyed: these change answers.
    Setting("TIMEZONE", "UTC", _is_zone, "spark.sql.session.timeZone"),
    Setting("ANSI_MODE", "true", _is_flag, "spark.sql.ansi.enabled", only_on_spark=("FALSE",)),
    Setting(
        "LEGACY_TIME_PARSER_POLICY",
        "EXCEPTION",
        lambda value: value.upper() in ("EXCEPTION", "CORRECTED", "LEGACY"),
        "spark.sql.legacy.timeParserPolicy",
        only_on_spark=("LEGACY",),
    ),
    Setting("STATEMENT_TIMEOUT", str(LONGEST), lambda value: _problem_of_timeout(value) is None),
    # Accepted: these change the speed, the cost or the reports of a statement, never its answer.
    Setting(
        "MAX_FILE_PARTITION_BYTES", "128m", _is_size, spark_key="spark.sql.files.maxPartitionBytes"
    ),
    Setting("USE_CACHED_RESULT", "true", _is_flag),
    Setting("ENABLE_PHOTON", "true", _is_flag),
    Setting("READ_ONLY_EXTERNAL_METASTORE", "false", _is_flag),
    Setting("QUERY_TAGS", "", lambda value: True),
    Setting(
        "SHUFFLE_PARTITIONS",
        "auto",
        lambda value: value.isdecimal() or value.lower() == "auto",
        spark_key="spark.sql.shuffle.partitions",
    ),
)
_BY_KEY = {
    key.lower(): setting
    for setting in SETTINGS
    for key in (setting.key, setting.conf, setting.spark_key)
    if key
}


def setting(key: str) -> Setting:
    """The setting of that name. Raises for a key that a SQL warehouse does not have."""
    found = _BY_KEY.get(key.lower())
    if found is None:
        raise SqlError(
            f"[CONFIG_NOT_AVAILABLE] Configuration {key} is not available: a SQL warehouse has "
            f"{', '.join(known.key for known in SETTINGS)}."
        )
    return found


def checked(key: str, value: str, engine: EngineName) -> tuple[str, str]:
    """The setting's own key and the value. Raises if the engine cannot obey the value."""
    found = setting(key)
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    if not found.values(value):
        if found.key == "TIMEZONE":
            raise SqlError(
                f"[INVALID_CONF_VALUE.TIME_ZONE] The value '{value}' in the config "
                f'"{found.conf}" is invalid. Cannot resolve the given timezone.'
            )
        if found.key == "STATEMENT_TIMEOUT":
            raise SqlError(f"[INVALID_STATEMENT_TIMEOUT.{_problem_of_timeout(value)}")
        raise SqlError(
            f"[INVALID_CONF_VALUE.TYPE_MISMATCH] The value '{value}' in the config "
            f'"{found.key}" is invalid: its default is {found.default}.'
        )
    if engine != "spark" and value.upper() in found.only_on_spark:
        raise SqlError(
            f"[UNSUPPORTED_FEATURE] {found.key} = {value}: Sail does not answer as Databricks does "
            "with it; `medallion up --engine spark` supports it."
        )
    return found.key, value


def of_engine(settings: Mapping[str, str]) -> Settings:
    """Spark's own settings for those of a session that the engine obeys."""
    return {
        known.conf: settings[known.key]
        for known in SETTINGS
        if known.conf
        and known.key in settings
        and settings[known.key].upper() != known.default.upper()
    }


def timeout(settings: Mapping[str, str]) -> float:
    """How many seconds a statement may run. Databricks does not document 0: it is no limit here."""
    return int(settings.get("STATEMENT_TIMEOUT", LONGEST)) or math.inf


def of_client(configuration: Mapping[str, str], engine: EngineName) -> dict[str, str]:
    """The settings with which a client opens its session."""
    return dict(
        checked(key, value, engine)
        for key, value in configuration.items()
        if not key.lower().startswith(_OF_CLIENTS)
    )


def set_(settings: dict[str, str], engine: EngineName, sql: str) -> Result:
    """`SET`, `SET key`, `SET key = value` and `SET TIME ZONE zone`. Returns the keys and values."""
    reader = Reader(sql)
    reader.expect("SET")
    if reader.at_end or reader.take("-", "V"):
        return _listed({known.key: settings.get(known.key, known.default) for known in SETTINGS})
    if reader.take("TIME", "ZONE") or reader.take("TIMEZONE", "LOCAL"):
        key, value = checked("TIMEZONE", _zone(reader), engine)
    else:
        name = ".".join(reader.name())
        if reader.at_end:
            known = setting(name)
            return _listed({name: settings.get(known.key, known.default)})
        reader.expect("=")
        value = reader.rest()
        if name.upper() == "TIMEZONE" and value.upper() == "LOCAL":
            value = "UTC"
        key, value = checked(name, value, engine)
    settings[key] = value
    return _listed({key: value})


def reset(settings: dict[str, str], sql: str) -> Result:
    """`RESET` and `RESET key`."""
    reader = Reader(sql)
    reader.expect("RESET")
    if reader.at_end:
        settings.clear()
    else:
        settings.pop(setting(".".join(reader.name())).key, None)
        reader.finish()
    return result_of(pa.table({}, schema=pa.schema([])))


def _zone(reader: Reader) -> str:
    """The zone after `SET TIME ZONE`: a name, LOCAL, or an interval such as `'08:30' HOUR TO …`."""
    if reader.at_end or reader.take("LOCAL"):
        return "UTC"
    if not reader.take("INTERVAL"):
        zone = reader.string()
        reader.finish()
        return zone
    text = ("-" if reader.take("-") else "") + reader.identifier()
    found = re.fullmatch(r"([+-]?)(\d{1,2})(?::(\d{2}))?", text)
    if found is None or not (reader.take("HOUR") or reader.take("HOURS")):
        raise unsupported(reader.sql)
    reader.take("TO", "MINUTE")
    reader.finish()
    sign, hours, minutes = found.groups()
    if int(hours) > 18:
        raise SqlError(
            "[INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE] The interval value must be "
            "in the range of [-18, +18] hours with second precision."
        )
    return f"{sign or '+'}{int(hours):02d}:{minutes or '00'}"


def _listed(pairs: dict[str, str]) -> Result:
    return result_of(pa.table({"key": list(pairs), "value": list(pairs.values())}))
