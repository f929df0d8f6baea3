"""Functions that users write in Python: `CREATE FUNCTION … LANGUAGE PYTHON AS $$ body $$`.

The engine calls them. On Sail they run in this process, on Spark in a process beside the server.
Source: https://docs.databricks.com/udf/unity-catalog.html
"""

import hashlib
import re
import textwrap
from collections.abc import Callable

from medallion_local.databricks_sql.functions.store import Function
from medallion_local.databricks_sql.language.errors import SqlError

LANGUAGE = "PYTHON"
_LANGUAGE = re.compile(rf"\bLANGUAGE\s+{LANGUAGE}\b", re.IGNORECASE)


def is_named(head: str) -> bool:
    """Whether the text before a function's body names this language."""
    return _LANGUAGE.search(head) is not None


def engine_name(function: Function) -> str:
    """The name under which the engine knows this version of the function."""
    names = [parameter.name for parameter in function.parameters]
    text = repr((function.full_name, names, function.returns, function.body))
    return f"medallion_python_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def handler(function: Function) -> Callable:
    """The body as a Python function of the parameters."""
    names = ", ".join(parameter.name for parameter in function.parameters)
    body = textwrap.indent(textwrap.dedent(function.body.strip("\n")), "    ")
    scope: dict = {"__name__": "__main__"}  # so that it is pickled with its code
    try:
        exec(compile(f"def body({names}):\n{body}\n", function.full_name, "exec"), scope)
    except SyntaxError as error:
        raise SqlError(
            f"[UDF_USER_CODE_ERROR.GENERIC] The body of the function {function.full_name} is not "
            f"Python: {error.msg} in line {max((error.lineno or 2) - 1, 1)}."
        ) from None
    scope["failed"] = f"[UDF_USER_CODE_ERROR.GENERIC] Execution of function {function.full_name}"
    exec(_WRAPPED, scope)
    return scope["call"]


_WRAPPED = """
def call(*arguments):
    try:
        return body(*arguments)
    except Exception as error:
        sentence = f"{failed} failed: {type(error).__name__}: {error}. SQLSTATE: 39000"
    raise RuntimeError(sentence)
"""
