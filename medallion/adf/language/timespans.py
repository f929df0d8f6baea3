"""Time spans in .NET's format."""

import re

from medallion.adf.language.errors import ActivityError


def seconds(timeout: str) -> float:
    """The seconds of a .NET time span `[d.]hh:mm:ss`."""
    matched = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d\d):(\d\d)", timeout)
    if matched is None:
        raise ActivityError(f"The timeout '{timeout}' is not of the form d.hh:mm:ss.")
    days, hours, minutes, rest = (int(group or 0) for group in matched.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)
