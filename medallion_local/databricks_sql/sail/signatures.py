"""The result types of literals, operators and functions in Spark."""

from collections.abc import Callable

from sqlglot import exp

from medallion_local.databricks_sql.sail.coercion import (
    BIGINT,
    DOUBLE,
    STRING,
    TIMESTAMP,
    bounded,
    common,
    decimal_result,
    literal_decimal,
)
from medallion_local.databricks_sql.sail.kinds import UNKNOWN, Kind

Of = Callable[[exp.Expression], Kind]
INT, DATE, BOOLEAN, BINARY = Kind("int"), Kind("date"), Kind("boolean"), Kind("binary")
_INTEGERS = (("int", 2**31), ("bigint", 2**63))
_LEAST = {str(2**31): "int", str(2**63): "bigint"}


def literal(node: exp.Literal) -> Kind:
    """The type of a literal. `1.50` is DECIMAL(3,2), `1e3` DOUBLE, `3000000000` BIGINT."""
    if node.is_string:
        return STRING
    text = node.name
    if text.isdigit():
        for name, limit in _INTEGERS:
            if int(text) < limit:
                return Kind(name)
        return Kind("decimal", len(text.lstrip("0")), 0)
    if "e" in text.lower():
        return DOUBLE
    whole, _, fraction = text.partition(".")
    if not (whole + fraction).isdigit():
        return UNKNOWN
    digits = len(whole.lstrip("0")) + len(fraction)
    return Kind("decimal", max(digits, len(fraction), 1), len(fraction))


def arithmetic(node: exp.Expression, of: Of) -> Kind:
    """The type of `+`, `-`, `*`, `/` and `%`."""
    operator, left, right = type(node), node.this, node.expression
    one, other = of(left), of(right)
    if one.name == "void" or other.name == "void":
        one, other = (other, other) if one.name == "void" else (one, one)
    if one.name == "string" and other.is_numeric:
        one = BIGINT if other.is_integral else DOUBLE
    elif other.name == "string" and one.is_numeric:
        other = BIGINT if one.is_integral else DOUBLE
    if one.is_numeric and other.is_numeric:
        if "double" in (one.name, other.name) or "float" in (one.name, other.name):
            return one if one == other and operator is not exp.Div else DOUBLE
        if one.is_integral and other.is_integral:
            return DOUBLE if operator is exp.Div else common([one, other])
        return decimal_result(operator, literal_decimal(left, one), literal_decimal(right, other))
    if operator in (exp.Add, exp.Sub):
        return _time(operator, one, other)
    return Kind("interval") if "interval" in (one.name, other.name) else UNKNOWN


def _time(operator: type[exp.Expression], one: Kind, other: Kind) -> Kind:
    if other.name in ("timestamp", "timestamp_ntz") and operator is exp.Add:
        one, other = other, one
    if one.name in ("timestamp", "timestamp_ntz"):
        return one if other.name == "interval" else Kind("interval")
    if one.name == "date" and other.is_integral:
        return DATE
    if one.name == "date" and other.name == "date":
        return Kind("interval", fields=("interval day",))
    return UNKNOWN  # a DATE with an interval is a DATE or a TIMESTAMP


def result(node: exp.Expression, of: Of) -> Kind:
    """The type of an operator or a function."""
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod):
        return arithmetic(node, of)
    if isinstance(node, exp.IntDiv):
        return BIGINT
    if isinstance(node, exp.Neg) and node.this.name in _LEAST:
        return Kind(_LEAST[node.this.name])
    if isinstance(node, exp.Neg | exp.BitwiseNot):
        return of(node.this)
    if isinstance(node, exp.BitwiseAnd | exp.BitwiseOr | exp.BitwiseXor):
        return common([of(node.this), of(node.expression)])
    if isinstance(node, exp.DPipe):
        return STRING
    if isinstance(node, exp.Interval):
        return Kind("interval")
    if isinstance(node, exp.Array):
        return Kind("array", inner=(common([of(each) for each in node.expressions]),))
    if isinstance(node, exp.If):
        other = node.args.get("false")
        return common([of(node.args["true"]), *([of(other)] if other is not None else [])])
    if isinstance(node, exp.Anonymous):
        return call(node.name.lower(), node.expressions, of)
    return _CLASSES.get(type(node), UNKNOWN)


def call(name: str, given: list[exp.Expression], of: Of) -> Kind:
    """The type of a function's result."""
    if name in _FIXED:
        return _FIXED[name]
    if not given:
        return UNKNOWN
    if name in _AS_FIRST:
        return of(given[0])
    if name in _COMMON:
        return common([of(each) for each in given])
    if name in _COMMON_OF_REST:
        return common([of(each) for each in given[1:]])
    first = of(given[0])
    if name == "concat":
        return first if first.name in ("array", "binary") else STRING
    if name in ("variant_get", "try_variant_get") and len(given) == 2:
        return Kind("variant")
    if name in ("sum", "try_sum"):
        if first.name == "decimal":
            return bounded(min(first.precision + 10, 38), first.scale)
        return BIGINT if first.is_integral else DOUBLE if first.is_numeric else UNKNOWN
    if name in ("avg", "mean", "try_avg"):
        if first.name == "decimal":
            return bounded(min(first.precision + 4, 38), min(first.scale + 4, 38))
        return DOUBLE if first.is_numeric or first.name == "string" else UNKNOWN
    if name in ("ceil", "ceiling", "floor") and len(given) == 1:
        if first.name == "decimal":
            return bounded(first.precision - first.scale + 1, 0)
        return BIGINT
    if name in ("collect_list", "collect_set", "array_agg", "array_repeat"):
        return Kind("array", inner=(first,))
    if name in ("element_at", "try_element_at", "get") and first.inner:
        return first.inner[-1]
    if name in ("array_max", "array_min") and first.inner:
        return first.inner[0]
    if name == "map_keys" and first.name == "map":
        return Kind("array", inner=first.inner[:1])
    if name == "map_values" and first.name == "map":
        return Kind("array", inner=first.inner[1:])
    if name == "struct":
        return Kind(
            "struct",
            inner=tuple(of(each) for each in given),
            fields=tuple(each.alias_or_name or f"col{n}" for n, each in enumerate(given, start=1)),
        )
    if name == "named_struct":
        return Kind(
            "struct",
            inner=tuple(of(each) for each in given[1::2]),
            fields=tuple(each.name for each in given[::2]),
        )
    if name == "array":
        return Kind("array", inner=(common([of(each) for each in given]),))
    if name == "map":
        return Kind(
            "map",
            inner=(
                common([of(each) for each in given[::2]]),
                common([of(each) for each in given[1::2]]),
            ),
        )
    return UNKNOWN


def _named(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


_AS_FIRST = _named(
    UNKNOWN,
    "max min first last first_value last_value any_value lag lead nth_value mode max_by min_by "
    "nullif abs negative positive array_distinct array_sort sort_array slice reverse "
    "array_remove array_compact shuffle array_union array_intersect array_except filter "
    "array_append array_prepend try_subtract try_add try_multiply percentile_disc",
)
_COMMON = {"coalesce", "nvl", "ifnull", "greatest", "least"}
_COMMON_OF_REST = {"if", "nvl2"}
_FIXED = (
    _named(
        STRING,
        "concat_ws string upper lower ucase lcase trim ltrim rtrim btrim substring substr left "
        "right lpad rpad repeat replace regexp_replace regexp_extract translate initcap md5 sha "
        "sha1 sha2 hex base64 date_format from_unixtime to_json get_json_object typeof "
        "format_number format_string printf split_part substring_index char chr elt uuid conv "
        "bin soundex dayname monthname to_char space decode regexp_substr schema_of_json "
        "current_timezone current_catalog current_schema current_user url_encode url_decode "
        "parse_url string listagg string_agg overlay mask",
    )
    | _named(
        INT,
        "length char_length character_length octet_length bit_length ascii instr locate position "
        "year month day dayofmonth dayofweek dayofyear weekday weekofyear quarter hour minute "
        "second datediff date_diff size cardinality array_size levenshtein hash row_number rank "
        "dense_rank ntile int integer unix_date find_in_set regexp_count regexp_instr grouping "
        "json_array_length bit_count charindex",
    )
    | _named(
        BIGINT,
        "count count_if approx_count_distinct bigint xxhash64 crc32 unix_timestamp "
        "to_unix_timestamp unix_seconds unix_millis unix_micros factorial array_position "
        "monotonically_increasing_id grouping_id",
    )
    | _named(
        DOUBLE,
        "double sqrt cbrt exp ln log log10 log2 log1p expm1 pow power sin cos tan asin acos atan "
        "atan2 sinh cosh tanh degrees radians pi e rand random randn stddev stddev_samp "
        "stddev_pop std variance var_samp var_pop corr covar_pop covar_samp percentile median "
        "percent_rank cume_dist months_between rint hypot kurtosis skewness percentile_cont "
        "signum sign",
    )
    | _named(
        DATE,
        "date to_date make_date last_day next_day add_months date_add date_sub trunc "
        "date_from_unix_date current_date curdate dateadd",
    )
    | _named(
        TIMESTAMP,
        "timestamp to_timestamp date_trunc current_timestamp now from_utc_timestamp "
        "to_utc_timestamp timestamp_seconds timestamp_millis timestamp_micros make_timestamp",
    )
    | _named(
        BOOLEAN,
        "isnull isnotnull isnan boolean startswith endswith contains array_contains exists forall "
        "bool_and bool_or every some any arrays_overlap map_contains_key rlike regexp like "
        "regexp_like equal_null",
    )
    | _named(BINARY, "binary unhex unbase64 encode to_binary")
    | _named(Kind("array", inner=(STRING,)), "split")
    | _named(Kind("variant"), "parse_json try_parse_json to_variant_object")
    | {"tinyint": Kind("tinyint"), "smallint": Kind("smallint"), "float": Kind("float")}
)
del _FIXED["dateadd"], _FIXED["decode"], _FIXED["elt"]
_CLASSES: dict[type[exp.Expression], Kind] = {
    exp.CurrentDate: DATE,
    exp.CurrentTimestamp: TIMESTAMP,
    exp.Extract: INT,
    exp.Trim: STRING,
    exp.Substring: STRING,
    exp.StrPosition: INT,
    exp.Count: BIGINT,
    exp.HexString: BINARY,
}
