"""Windows' names of time zones, which Data Factory uses, as IANA's.

Babel carries the table, from the territory 001 of CLDR's windowsZones.xml
(https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml).
"""

from zoneinfo import ZoneInfo

from babel.core import get_global

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.functions.registry import text

BY_NAME = {windows.lower(): iana for windows, iana in get_global("windows_zone_mapping").items()}
BY_NAME["utc"] = "UTC"  # Babel's Etc/UTC, by the name that the functions on dates know


def zone(name: str, position: int, value: object) -> ZoneInfo:
    """The time zone that an argument names. Raises `ExpressionError` for an unknown one."""
    named = text(name, position, value)
    if named.lower() not in BY_NAME:
        raise ExpressionError(
            f"The template function '{name}' knows no time zone '{named}'; "
            "use one of Windows' names, such as 'Pacific Standard Time'."
        )
    return ZoneInfo(BY_NAME[named.lower()])
