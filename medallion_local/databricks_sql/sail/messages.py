"""The table of Sail's messages and Databricks' conditions.

Each row has a pattern of Sail's message and the text for the client, with the pattern's groups.
`{type}` is the type in the second group; `{left}` and `{right}` are types, too.
"""

_CAST = (
    '[CAST_INVALID_INPUT] The value \'{0}\' of the type "STRING" cannot be cast to "{type}" '
    "because it is malformed. Correct the value as per the syntax, or change its target type. "
    "Use `try_cast` to tolerate malformed input and return NULL instead."
)
_MISMATCH = (
    "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES] The operator `{1}` cannot be applied due to data "
    'type mismatch: its operands have incompatible types ("{left}" and "{right}").'
)
_ARGUMENTS = (
    "[WRONG_NUM_ARGS.WITHOUT_SUGGESTION] The `{0}` requires {1} parameters but the actual number "
    "is {2}."
)
_OUT_OF_RANGE = (
    "[DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION] Invalid value for the field {0}: {1}."
)
_ZERO = "[{0}_BY_ZERO] {1} by zero. Use `{2}` to tolerate divisor being 0 and return NULL instead."
ROWS: list[tuple[str, str]] = [
    (r"[Dd]ivide by zero|[Dd]ivision by zero", _ZERO.format("DIVIDE", "Division", "try_divide")),
    (r"[Rr]emainder by zero", _ZERO.format("REMAINDER", "Remainder", "try_mod")),
    (r"(?:Cannot|Can't|Could not) cast (?:string|value) '(.*)' to (?:value of )?(.+) type", _CAST),
    (r"invalid timestamp: (.*)()", _CAST.replace("{type}", "TIMESTAMP")),
    (r"invalid date: (.*)()", _CAST.replace("{type}", "DATE")),
    (
        r"Can't cast value (.+) to type (\w+)",
        '[CAST_OVERFLOW] The value {0} cannot be cast to "{type}" due to an overflow. '
        "Use `try_cast` to tolerate overflow and return NULL instead.",
    ),
    (
        r"(\S+) is too large to store in a Decimal\d+ of precision (\d+)",
        "[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] {0} cannot be represented as a decimal "
        "of precision {1}.",
    ),
    (
        r"Unable to parse date from (.*)",
        "[DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION] Invalid date: {0}.",
    ),
    (
        r"invalid parsed date: (.*)",
        "[CANNOT_PARSE_TIMESTAMP] The text could not be parsed: {0}. Use `try_to_date` or "
        "`try_to_timestamp` to tolerate invalid input and return NULL instead.",
    ),
    (
        r"Illegal input for day of week: (.*)",
        "[ILLEGAL_DAY_OF_WEEK] Illegal input for day of week: {0}.",
    ),
    (r"^('.*' is not true!)", "[USER_RAISED_EXCEPTION] {0}"),
    (r'Found unmasked nulls for .* "key"', "[NULL_MAP_KEY] Cannot use null as map key."),
    (
        r"value of \S+ is out of range Int(?:8|16)\b",
        "[BINARY_ARITHMETIC_OVERFLOW] The result is outside the range of its type. Use the "
        "function `try_…` of the operation to tolerate overflow and return NULL instead.",
    ),
    (
        r"(?:[Aa]rithmetic [Oo]verflow|Overflow (?:happened|while)|Int\d+ overflow|"
        r"attempt to \w+ with overflow|value of \S+ is out of range Int(?:32|64))",
        "[ARITHMETIC_OVERFLOW] The result is outside the range of its type. Use the function "
        "`try_…` of the operation to tolerate overflow and return NULL instead.",
    ),
    (
        r"Cannot coerce arithmetic expression (?P<left>.+?) ([^\w\s()]+) "
        r"(?P<right>.+) to valid types",
        _MISMATCH,
    ),
    (
        r"Cannot infer common argument type for \w+ operation (?P<left>.+?) ([^\w\s()]+) "
        r"(?P<right>.+)",
        _MISMATCH,
    ),
    (
        r"Unsupported CAST from (?P<left>.+) to (?P<right>.+)",
        '[DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION] Cannot cast "{left}" to "{right}".',
    ),
    (
        r"[Ss]calar subquery returned more than one row",
        "[SCALAR_SUBQUERY_TOO_MANY_ROWS] More than one row returned by a subquery used as an "
        "expression.",
    ),
    (
        r"UNION queries have different number of columns: left has (\d+) .* right has (\d+)",
        "[NUM_COLUMNS_MISMATCH] UNION can only be performed on inputs with the same number of "
        "columns, but the first input has {0} columns and the second input has {1} columns.",
    ),
    (
        r"Incompatible inputs for Union: .* of type (?P<left>.+), but got incompatible type "
        r"(?P<right>.+) on column",
        "[INCOMPATIBLE_COLUMN_TYPE] UNION can only be performed on tables with compatible column "
        'types: "{right}" is not compatible with "{left}".',
    ),
    (r"Spark `(\w+)` function requires (.+?) arguments?, got (\d+)", _ARGUMENTS),
    (
        r"invalid argument: (\w+) requires (.+) arguments?",
        "[WRONG_NUM_ARGS.WITHOUT_SUGGESTION] The `{0}` requires {1} parameters.",
    ),
    (
        r"(one|two|three|four|five) values? expected: ",
        "[WRONG_NUM_ARGS.WITHOUT_SUGGESTION] A function requires {0} parameters, and the call has "
        "another number.",
    ),
    (
        r"element_at: the index is out of bounds",
        "[INVALID_ARRAY_INDEX_IN_ELEMENT_AT] The index is out of bounds. Use `try_element_at` to "
        "tolerate accessing element at invalid index and return NULL instead.",
    ),
    (
        r"the index 0 is invalid",
        "[INVALID_INDEX_OF_ZERO] The index 0 is invalid. An index shall be either < 0 or > 0 (the "
        "first element has index 1).",
    ),
    (
        r"(?:expected .* field )?at byte offset (\d+)",
        "[CANNOT_PARSE_TIMESTAMP] The text could not be parsed at index {0}. Use "
        "`try_to_timestamp` to tolerate invalid input string and return NULL instead.",
    ),
    (r"(\w+) value '(.+)' is out of range", _OUT_OF_RANGE),
    (r"invalid input for Spark `(make_\w+)`: (.*)", _OUT_OF_RANGE.replace("field", "function")),
    (
        r"LIMIT must be >= 0, '(.+)' was provided",
        "[INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE] The limit expression must be equal to or "
        "greater than 0, but got {0}.",
    ),
    (r"'(?:Boolean\()?(\w+)\)?' is not true!", "[USER_RAISED_EXCEPTION] '{0}' is not true!"),
    (
        r"Aggregate function calls cannot be nested",
        "[NESTED_AGGREGATE_FUNCTION] It is not allowed to use an aggregate function in the "
        "argument of another aggregate function. Please use the inner aggregate function in a "
        "sub-query.",
    ),
    (
        r"pruning filter.* logical expression WindowFunction",
        "[WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE] It is not allowed to use window functions inside "
        "WHERE clause.",
    ),
    (
        r"Inconsistent data length across values list: got (\d+) values in row (\d+) but expected "
        r"(\d+)",
        "[INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH] Invalid inline table. Inline table expected "
        "{2} columns but found {0} columns in row {1}.",
    ),
    (
        r"^\[UNRESOLVED_COLUMN\] Cannot find column (.+)",
        "[UNRESOLVED_USING_COLUMN_FOR_JOIN] USING column `{0}` cannot be resolved on both sides "
        "of the join.",
    ),
    (
        r"[Ii]nvalid regex|[Rr]egular expression did not compile|regex parse error",
        "[INVALID_PARAMETER_VALUE.PATTERN] The value of parameter `regexp` is not a valid "
        "regular expression.",
    ),
    (
        r"cannot extract value from data type: (?P<left>.+)",
        "[INVALID_EXTRACT_BASE_FIELD_TYPE] Can't extract a value from an expression. Need a "
        'complex type [STRUCT, ARRAY, MAP] but got "{left}".',
    ),
    (
        r"unknown table function: (\w+)",
        "[UNRESOLVABLE_TABLE_VALUED_FUNCTION] Could not resolve `{0}` to a table-valued function. "
        "Please make sure that `{0}` is defined as a table-valued function and that all required "
        "parameters are provided correctly.",
    ),
    (r"Date part '(.+)' not supported", "[INVALID_EXTRACT_FIELD] Cannot extract `{0}`."),
    (
        r"InSubquery should only return one column, but found (\d+)",
        "[DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH] The left hand side of an IN subquery has "
        "1 column, and the subquery has {0}.",
    ),
    (
        r"Invalid window frame: (.+)",
        "[DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON] The lower bound of a window "
        "frame must be less than or equal to the upper bound: {0}.",
    ),
    (
        r"`?(\w+)`? (?:first argument must be|should only be called with) (.+)",
        "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] The first parameter of `{0}` requires {1}.",
    ),
    (
        r"[Ff]unction '(\w+)' (?:failed to match any signature|user-defined coercion failed)",
        "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] A parameter of `{0}` has another type than the "
        "function requires.",
    ),
    (
        r"Failed to parse schema '(.*)': ",
        "[INVALID_SCHEMA.PARSE_ERROR] The input schema '{0}' is not a valid schema string.",
    ),
    (
        r"Placeholder ':?(.+?)' was not provided",
        "[UNBOUND_SQL_PARAMETER] Found the unbound parameter: {0}.",
    ),
    (
        r"Resources exhausted",
        "[UNABLE_TO_ACQUIRE_MEMORY] The embedded engine has no memory left for this statement: "
        "read fewer rows at once; `medallion up --engine spark` spills more to disk.",
    ),
    (
        r'No field named "\?table\?"\.',
        "[UNSUPPORTED_FEATURE] A lambda function in a condition that reads a table: Sail lacks it; "
        "`medallion up --engine spark` supports it.",
    ),
    (
        r"found .* expected ",
        "[PARSE_SYNTAX_ERROR] The embedded engine cannot parse the statement; "
        "`medallion up --engine spark` may support it.",
    ),
    (
        r"(?:[Nn]ot implemented|[Nn]ot supported|[Uu]nsupported|not yet)",
        "[UNSUPPORTED_FEATURE] The embedded engine does not support this statement; "
        "`medallion up --engine spark` supports it. It reports: {message}",
    ),
]
