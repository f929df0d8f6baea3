"""The functions of Data Factory's expression language, one module per chapter of its reference.

Source: https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
`if`, `and`, `or` and `coalesce` are in `expressions`, because they evaluate only the arguments that
they need.
"""

from medallion.adf.language.functions import (  # noqa: F401
    collections,
    conversions,
    dates,
    logic,
    markup,
    numbers,
    text,
)
from medallion.adf.language.functions.registry import FUNCTIONS

__all__ = ["FUNCTIONS"]
