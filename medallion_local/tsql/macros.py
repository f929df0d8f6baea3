"""DuckDB macros for SQL Server's functions and conversions.

They are temporary, so that read-only connections can create them. A moment is passed as a number
of ticks of 100 ns since 0001-01-01. `strict` macros raise SQL Server's error where TRY_CAST
returns NULL.
"""

import re
import unicodedata
from functools import lru_cache

import duckdb

from medallion_local.tsql.behaviour import AZURE_SQL, Behaviour

EPOCH = 62_135_596_800_000_000  # microseconds from 0001-01-01 to 1970-01-01
END = 3_155_378_976_000_000_000  # ticks from 0001-01-01 to 10000-01-01
TIME = (
    r"^\s*(\d{4}-\d{2}-\d{2}|\d{8})?(?:(?:^|[ T])\s*(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?"
    r"\s*(Z|[+-]\d{2}:\d{2})?\s*$"
)
# Characters with a known comparison: each is a separate letter, apart from case.
_EASY = (
    r"\x00-\x7F\u00A1-\u00A9\u00AB-\u00AC\u00AE-\u00B1\u00B4-\u00B8\u00BB\u00BF-\u00C5\u00C7-\u00CF"
    r"\u00D1-\u00DD\u00E0-\u00E5\u00E7-\u00EF\u00F1-\u00FD\u00FF-\u0110\u0112-\u012F\u0134-\u0148"
    r"\u014A-\u0151\u0154-\u017E\u0391-\u03A9\u03AC-\u03C1\u03C3-\u03CE\u0400-\u045F\u2013\u2014"
    r"\u2018-\u201E\u2022\u2026\u20AC\u3041-\u3096\u4E00-\u9FA5\uAC00-\uD7A3"
)


def _braced(text: str) -> str:
    """`\\uXXXX` as RE2 writes it."""
    out, index = "", 0
    while index < len(text):
        if text[index : index + 2] == r"\u":
            out += r"\x{" + text[index + 2 : index + 6] + "}"
            index += 6
        elif text[index : index + 2] == r"\x":
            out += r"\x{" + text[index + 2 : index + 4] + "}"
            index += 4
        else:
            out += text[index]
            index += 1
    return out


EASY = _braced(_EASY)


def _compatible() -> tuple[str, str]:
    """Characters that collations may treat as another character, and that character."""
    wide, plain = "", ""
    for code in [
        *range(0xA0, 0x100),
        *range(0x2070, 0x2100),
        *range(0x2460, 0x2500),
        *range(0x30A1, 0x30F7),
        *range(0xFF01, 0xFFF0),
    ]:
        character = chr(code)
        if 0x30A1 <= code <= 0x30F6:
            folded = chr(code - 0x60)
        else:
            folded = unicodedata.normalize("NFKC", character).lower()
            if len(folded) == 1 and 0x30A1 <= ord(folded) <= 0x30F6:
                folded = chr(ord(folded) - 0x60)
        if len(folded) == 1 and folded != character.lower():
            wide, plain = wide + character, plain + folded
    return wide, plain


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_WIDE, _PLAIN = _compatible()
# Characters whose lower case is that of another letter.
_MERGED = r"\x{130}\x{1E9E}\x{2126}\x{212A}\x{212B}"


def _uncertain() -> str:
    """Characters whose other case may differ in SQL Server: ligatures, and newer scripts."""
    ranges = (
        *((0x10A0, 0x10FF), (0x13A0, 0x13FF), (0x1C80, 0x1CBF), (0x2C00, 0x2DFF)),
        *((0xA640, 0xA7FF), (0xAB30, 0xABBF), (0x10400, 0x1044F)),
    )
    codes = {n for low, high in ranges for n in range(low, high + 1)}
    for n in range(0x80, 0x10000):
        if 0xD800 <= n <= 0xDFFF or chr(n) == "ß":
            continue
        upper, lower = chr(n).upper(), chr(n).lower()
        if len(upper) > 1 or len(lower) > 1 or upper.lower() != lower or lower.upper() != upper:
            codes.add(n)
    return "".join(f"\\x{{{n:X}}}" for n in sorted(codes))


_UNCERTAIN = _uncertain()
UNCASED = (
    "the emulator does not know the upper or lower case that SQL Server gives to one of a text''s "
    "characters"
)
# Below digits and letters, in this order. Windows collations first compare texts without - and '.
PUNCTUATION = ' _,;:!?."()[]{}@*/\\&#%`^+<=>|~$'
_CODES = "".join(chr(n) for n in range(2, 2 + len(PUNCTUATION)))
_ACCENTS = "áàâäãå", "éèêë", "íìîï", "óòôöõ", "úùûü", "ýÿ", "ñ", "ç"
_MARKED = "".join(_ACCENTS)
_RANKS = "".join(chr(3 + n) for group in _ACCENTS for n in range(len(group)))


def _once(argument: str, name: str, body: str) -> str:
    """A macro's body in which `name` is an argument that is computed once for all its uses."""
    return f"list_transform([{argument}], lambda {name}: {body})[1]"


AMBIGUOUS = (
    "the emulator does not know whether SQL Server considers two texts equal, because they differ "
    "in characters that collations expand or ignore: compare them as binary, or change one of them"
)
UNORDERED = (
    "the emulator does not know a text's position in SQL Server's order, because it has "
    "characters other than digits, Latin letters, blanks and common punctuation"
)
BEYOND = (
    "a text has a character of two UTF-16 code units (such as an emoji): SQL Server would count "
    "or cut single code units, which the emulator does not support"
)
FORMAT = (
    "the emulator reads dates and times only as YYYY-MM-DD, YYYYMMDD and hh:mm:ss with at most "
    "seven fractional digits, and not as "
)
SEVENTH = (
    "a time has a seventh fractional digit, or a third of a millisecond: the emulator keeps only "
    "six digits, so use datetime2(6) or less, or a time that ends in 0"
)
HALF = (
    "a float is too close to a half of its last digit: the emulator does not know which way SQL "
    "Server rounds it, so round a decimal instead"
)
BAD_TIME = "Msg 241: Conversion failed when converting date and/or time from character string."

MACROS = {
    # Text: comparison under SQL_Latin1_General_CP1_CI_AS.
    "ts_ascii(x)": "strlen(x) = length(x)",
    "ts_hard(x)": f"NOT ts_ascii(x) AND NOT regexp_full_match(x, '[{EASY}]*')",
    "ts_bare(x)": "lower(rtrim(x, ' '))",
    "ts_loose(x)": (
        "regexp_replace(replace(replace(replace(replace("
        f"translate(lower(rtrim(nfc_normalize(x), ' ')), {_literal(_WIDE)}, {_literal(_PLAIN)}), "
        "'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), "
        f"'[^{EASY}]', '', 'g')"
    ),
    "ts_fold(x)": (
        "CASE WHEN ts_ascii(x) THEN lower(rtrim(x, ' ')) "
        f"WHEN ts_hard(x) THEN error({_literal(AMBIGUOUS)}) ELSE ts_bare(x) END"
    ),
    "ts_same(x, y)": (
        "CASE WHEN x IS NULL OR y IS NULL THEN NULL "
        "WHEN rtrim(x, ' ') = rtrim(y, ' ') THEN true "
        f"WHEN ts_bare(x) = ts_bare(y) AND NOT regexp_matches(x || y, '[{_MERGED}]') THEN true "
        "WHEN ts_ascii(x) AND ts_ascii(y) THEN false "
        "WHEN NOT ts_hard(x) AND NOT ts_hard(y) THEN false "
        f"WHEN ts_loose(x) = ts_loose(y) THEN error({_literal(AMBIGUOUS)}) ELSE false END"
    ),
    "ts_weights(x)": f"translate(x, {_literal(PUNCTUATION)}, {_literal(_CODES)})",
    "ts_order(x)": (
        "CASE WHEN regexp_full_match(x, '[0-9A-Za-z"
        + PUNCTUATION.replace("\\", "\\\\")
        .replace("[", "\\[")
        .replace("]", "\\]")
        .replace("^", "\\^")
        + "]*') "
        "THEN ts_weights(lower(rtrim(x, ' '))) "
        f"WHEN x IS NULL THEN NULL WHEN regexp_full_match(lower(x), '[0-9a-z{_MARKED} ]*') "
        "THEN ts_weights(strip_accents(lower(rtrim(x, ' ')))) || chr(1) || "
        f"translate(regexp_replace(lower(x), '[0-9a-z ]', chr(2), 'g'), {_literal(_MARKED)}, "
        f"{_literal(_RANKS)}) ELSE error({_literal(UNORDERED)}) END"
    ),
    "ts_units(x)": (
        "CASE WHEN ts_ascii(x) THEN length(x) ELSE length(x) + "
        r"length(regexp_replace(x, '[\x{0}-\x{FFFF}]', '', 'g')) END"
    ),
    "ts_bmp(x)": (
        "CASE WHEN ts_ascii(x) OR ts_units(x) = length(x) OR x IS NULL THEN x "
        f"ELSE error({_literal(BEYOND)}) END"
    ),
    "ts_checked_case(x)": (
        f"CASE WHEN regexp_matches(x, '[{_UNCERTAIN}]') THEN error('{UNCASED}') ELSE x END"
    ),
    "ts_upper(x)": (
        "CASE WHEN ts_ascii(x) THEN upper(x) "
        "ELSE replace(upper(replace(ts_checked_case(x), 'ß', chr(1))), chr(1), 'ß') END"
    ),
    "ts_lower(x)": "CASE WHEN ts_ascii(x) THEN lower(x) ELSE lower(ts_checked_case(x)) END",
    # By code point: DuckDB's reverse keeps an accent behind its letter.
    "ts_reverse(x)": (
        "CASE WHEN ts_ascii(x) THEN reverse(x) WHEN x IS NOT NULL "
        "THEN array_to_string(list_reverse(regexp_extract_all(x, '(?s).')), '') END"
    ),
    "ts_cut(x, n)": "CASE WHEN ts_units(x) <= n THEN x ELSE left(ts_bmp(x), n) END",
    "ts_pad(x, n)": (
        "CASE WHEN ts_units(x) >= n THEN ts_cut(x, n) ELSE x || repeat(' ', n - ts_units(x)) END"
    ),
    # Lengths of varchar and char are those of the code page, and LEN counts characters.
    "ts_v_units(x)": "ts_units(x)",
    "ts_v_cut(x, n)": "ts_cut(x, n)",
    "ts_v_pad(x, n)": "ts_pad(x, n)",
    "ts_chars(x)": "ts_units(x)",
    "ts_narrow(x)": (
        r"CASE WHEN ts_ascii(x) OR x IS NULL OR regexp_full_match(x, "
        r"'[\x{0}-\x{7F}\x{A0}-\x{FF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*') THEN x "
        "ELSE error('a text has characters outside of code page 1252, which varchar cannot hold: "
        "use nvarchar') END"
    ),
    "ts_like(x, p)": (
        "CASE WHEN ts_ascii(x) THEN regexp_full_match(x, p, 'si') WHEN x IS NULL THEN NULL "
        "WHEN regexp_full_match(x, p, 'si') = regexp_full_match(ts_loose(x), p, 'si') "
        f"THEN regexp_full_match(x, p, 'si') ELSE error({_literal(AMBIGUOUS)}) END"
    ),
    "ts_like_set(x, p)": (
        "CASE WHEN ts_ascii(x) THEN regexp_full_match(x, p, 'si') WHEN x IS NULL THEN NULL "
        "ELSE error('LIKE with a set of characters is supported by the emulator only for ASCII "
        "texts') "
        "END"
    ),
    "ts_clear(x)": (
        "CASE WHEN ts_ascii(x) OR x IS NULL OR NOT ts_hard(x) THEN x "
        f"ELSE error({_literal(AMBIGUOUS)}) END"
    ),
    "ts_only_ascii(x)": (
        "CASE WHEN ts_ascii(x) OR x IS NULL THEN x ELSE error('PATINDEX with a set of characters "
        "is supported by the emulator only for ASCII texts') END"
    ),
    # Numbers.
    "ts_div(x, y)": "CASE WHEN y = 0 THEN error('Msg 8134: Divide by zero error encountered.') "
    "ELSE x // y END",
    "ts_mod(x, y)": "CASE WHEN y = 0 THEN error('Msg 8134: Divide by zero error encountered.') "
    "ELSE x % y END",
    "ts_fdiv(x, y)": "CASE WHEN y = 0 THEN error('Msg 8134: Divide by zero error encountered.') "
    "ELSE x / y END",
    "ts_finite(x, t)": "CASE WHEN isfinite(x) OR x IS NULL THEN x ELSE error("
    "'Msg 8115: Arithmetic overflow error converting expression to data type ' || t || '.') END",
    "ts_certain(a, b)": (
        f"CASE WHEN a IS NOT DISTINCT FROM b THEN a ELSE error({_literal(HALF)}) END"
    ),
    "ts_round(x, n)": _once(
        "x",
        "v",
        (
            "CASE WHEN abs(abs(v) * pow(10, n) % 1 - 0.5) > 1e-6 OR v IS NULL "
            "OR regexp_matches(printf('%.60f', CAST(v AS DOUBLE)), "
            f"'^-?\\d+\\.\\d{{' || n || '}}50*$') THEN round(v, n) ELSE error({_literal(HALF)}) END"
        ),
    ),
    "ts_unscaled(x)": "CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT)",
    "ts_scaled(n, s)": (
        "CASE WHEN n < 0 THEN '-' ELSE '' END || ts_pointed(CAST(abs(n) AS VARCHAR), s)"
    ),
    "ts_pointed(t, s)": _once(
        "repeat('0', CAST(s + 1 - length(t) AS BIGINT)) || t",
        "v",
        "CASE WHEN s = 0 THEN v ELSE left(v, -s) || '.' || right(v, s) END",
    ),
    "ts_half(n, d)": _once(
        "n", "v", ("CASE WHEN v < 0 THEN -((-v + d // 2) // d) ELSE (v + d // 2) // d END")
    ),
    "ts_between(x, low, high, kind, strict)": (
        "CASE WHEN x BETWEEN low AND high THEN x WHEN strict AND x IS NOT NULL THEN error("
        "'Msg 8115: Arithmetic overflow error converting expression to data type ' || kind "
        "|| '.') END"
    ),
    "ts_text_int(x, low, high, kind, src, strict)": _once(
        "x",
        "v",
        (
            "CASE WHEN v IS NULL THEN NULL "
            "WHEN regexp_full_match(v, '\\s*[+-]?\\d{1,38}\\s*') THEN "
            "CASE WHEN TRY_CAST(trim(v) AS HUGEINT) BETWEEN low AND high "
            "THEN TRY_CAST(trim(v) AS HUGEINT) "
            "WHEN strict THEN error('Msg 248: The conversion of the ' || src || ' value ''' "
            "|| v || ''' overflowed a ' || kind || "
            "' column: arithmetic "
            "overflow.') END WHEN regexp_full_match(v, '\\s*[+-]?\\s*') THEN 0 "
            "WHEN strict THEN error('Msg 245: Conversion failed when converting the ' || src || "
            "' value ''' || v || ''' to data type ' || kind || '.') END"
        ),
    ),
    "ts_text_number(x, pattern, kind, src, strict)": (
        "CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, pattern) THEN "
        "regexp_replace(trim(x), '[$,]', '', 'g') "
        "WHEN strict THEN error('Msg 8114: Error converting data type ' || src || ' to ' || kind "
        "|| '.') END"
    ),
    "ts_text_bit(x, src, strict)": (
        "CASE WHEN x IS NULL THEN NULL WHEN lower(trim(x)) = 'true' THEN true "
        "WHEN lower(trim(x)) = 'false' OR regexp_full_match(x, '\\s*[+-]?0*\\s*') THEN false "
        "WHEN regexp_full_match(x, '\\s*[+-]?\\d+\\s*') THEN true WHEN strict THEN error("
        "'Msg 245: Conversion failed when converting the ' || src || ' value ''' || x || "
        "''' to data type bit.') END"
    ),
    "ts_text_uuid(x, strict)": (
        "CASE WHEN x IS NULL THEN NULL WHEN regexp_matches(x, '(?i)^\\{?[0-9a-f]{8}(-[0-9a-f]{4})"
        "{3}-[0-9a-f]{12}\\}?') THEN TRY_CAST(ltrim(x, '{')[1:36] AS UUID) WHEN strict THEN error("
        "'Msg 8169: Conversion failed when converting from a character string to "
        "uniqueidentifier.') END"
    ),
    "ts_exponent(x)": (
        "regexp_replace(regexp_replace(x, 'e([+-])(\\d\\d)$', 'e\\10\\2'), '^(-?)inf$', '\\1inf')"
    ),
    "ts_float_text(x)": ("CASE WHEN x = 0 THEN '0' ELSE ts_exponent(printf('%.6g', x)) END"),
    "ts_fits(x, n, message)": "CASE WHEN length(x) > n THEN error(message) ELSE x END",
    "ts_star(x, n)": "CASE WHEN length(x) > n THEN '*' ELSE x END",
    "ts_grouped(x)": "regexp_replace(x, '(\\d)$', '\\1')",
    # Dates and times.
    "ts_parts(x)": f"regexp_extract(x, '{TIME}', ['d', 'h', 'm', 's', 'f', 'z'])",
    "ts_day(d)": (
        "CASE WHEN d = '' THEN 693595 WHEN left(d, 4) = '0000' THEN NULL ELSE date_diff('day', "
        "DATE '0001-01-01', CAST(try_strptime(replace(d, '-', ''), '%Y%m%d') AS DATE)) END"
    ),
    "ts_second(p)": (
        "CASE WHEN p.h = '' THEN 0 WHEN p.h > '23' OR p.m > '59' OR p.s > '59' THEN NULL "
        "ELSE p.h::BIGINT * 3600 + p.m::BIGINT * 60 + "
        "CASE WHEN p.s = '' THEN 0 ELSE p.s::BIGINT END END"
    ),
    "ts_parsed(p)": (
        "(ts_day(p.d) * 86400 + ts_second(p)) * 10000000 "
        "+ CASE WHEN p.f = '' THEN 0 ELSE rpad(p.f, 7, '0')::BIGINT END"
    ),
    "ts_zone(z)": (
        "CASE WHEN z IN ('', 'Z') THEN 0 "
        "WHEN right(z, 2) > '59' OR substr(z, 2) > '14:00' THEN NULL "
        "ELSE (CASE WHEN z[1] = '-' THEN -1 ELSE 1 END) "
        "* (z[2:3]::SMALLINT * 60 + z[5:6]::SMALLINT) END"
    ),
    # For texts: `fraction` is the type's number of digits, `zoned` is whether it has an offset.
    "ts_ticks(x, fraction, zoned, strict)": _once(
        "x",
        "v",
        (
            "CASE WHEN v IS NULL THEN NULL "
            "WHEN trim(v) = '' THEN 599266080000000000::BIGINT "
            f"WHEN regexp_full_match(v, '{TIME}') THEN "
            "ts_ticks_of(ts_parts(v), fraction, zoned, strict) "
            "WHEN regexp_matches(v, '\\d') AND regexp_full_match(v, '[\\w\\s:./+,-]*') "
            "AND NOT regexp_full_match(v, '[\\d.]*') "
            f"THEN error({_literal(FORMAT)} || v) "
            f"WHEN strict THEN error('{BAD_TIME}') END"
        ),
    ),
    "ts_ticks_of(p, fraction, zoned, strict)": _once(
        "p",
        "q",
        (
            "CASE WHEN NOT zoned AND q.z NOT IN ('', 'Z') THEN "
            "CASE WHEN fraction = 3 THEN CASE WHEN strict THEN "
            f"error('{BAD_TIME}') END ELSE error('a text with an offset as a type without one is "
            "not supported by the emulator: CAST it to datetimeoffset first') END "
            "WHEN q.d = '' AND q.h = '' OR length(q.f) > fraction "
            "OR ts_parsed(q) IS NULL OR ts_zone(q.z) IS NULL "
            f"THEN CASE WHEN strict THEN error('{BAD_TIME}') END "
            "ELSE ts_parsed(q) END"
        ),
    ),
    "ts_of(t)": f"(epoch_us(t) + {EPOCH}) * 10",
    "ts_of_datetime(t)": (
        f"((epoch_us(t) + {EPOCH}) // 1000000) * 10000000 + "
        f"((((epoch_us(t) + {EPOCH}) % 1000000) * 3 // 1000 + 5) // 10 * 200000 + 3) // 6"
    ),
    "ts_of_time(t)": "599266080000000000 + epoch_us(DATE '1970-01-01' + t) * 10",
    "ts_rounded(k, q)": "((k + q // 2) // q) * q",
    "ts_stamp(k, strict)": _once(
        "k",
        "v",
        (
            f"CASE WHEN v >= {END} OR v < 0 THEN CASE WHEN strict THEN error('Msg 8115: Arithmetic "
            "overflow error converting expression to data type datetime2.') END "
            f"WHEN v % 10 <> 0 THEN error({_literal(SEVENTH)}) "
            f"ELSE make_timestamp(v // 10 - {EPOCH}) END"
        ),
    ),
    "ts_thirds(k)": (
        "(k // 10000000) * 1000000 "
        "+ ((((k % 10000000) * 3 + 50000) // 100000) * 10 + 1) // 3 * 1000"
    ),
    "ts_datetime(k, strict)": _once(
        "k",
        "v",
        (
            f"CASE WHEN ts_thirds(v) >= {END // 10} OR v < 552877920000000000 THEN "
            "CASE WHEN strict THEN error('Msg 242: The conversion to a datetime data type resulted "
            "in an out-of-range value (overflow).') END "
            f"ELSE make_timestamp(ts_thirds(v) - {EPOCH}) END"
        ),
    ),
    "ts_minute(k)": "(ts_thirds(k) + 30000000) // 60000000",
    "ts_smalldatetime(k, strict)": _once(
        "k",
        "v",
        (
            "CASE WHEN ts_minute(v) NOT BETWEEN 998776800 AND 1093148639 THEN "
            "CASE WHEN strict THEN error('Msg 242: The conversion to a smalldatetime data type "
            "resulted in an out-of-range value (overflow).') END "
            f"ELSE make_timestamp(ts_minute(v) * 60000000 - {EPOCH}) END"
        ),
    ),
    "ts_date(k)": "DATE '0001-01-01' + CAST(k // 864000000000 AS INTEGER)",
    "ts_clock(k)": _once(
        "k",
        "v",
        (
            f"CASE WHEN v % 10 <> 0 THEN error({_literal(SEVENTH)}) ELSE "
            "CAST(make_timestamp((v % 864000000000) // 10) AS TIME) END"
        ),
    ),
    "ts_offset(k, z, strict)": _once(
        "struct_pack(k := k, z := CAST(z AS BIGINT))",
        "o",
        (
            "CASE WHEN o.k IS NULL OR o.z IS NULL THEN NULL "
            f"WHEN o.k - o.z * 600000000 NOT BETWEEN 0 AND {END - 1} THEN "
            f"CASE WHEN strict THEN error('{BAD_TIME}') END ELSE "
            "struct_pack(utc := ts_stamp(o.k - o.z * 600000000, strict), "
            "minutes := CAST(o.z AS SMALLINT)) END"
        ),
    ),
    "ts_local(x)": "x.utc + to_minutes(CAST(x.minutes AS INTEGER))",
    "ts_digits(t, n)": _once(
        "t",
        "v",
        (
            "CASE WHEN n = 0 THEN '' ELSE "
            "'.' || left(lpad(CAST(epoch_us(v) % 1000000 + CASE WHEN epoch_us(v) % 1000000 < 0 "
            "THEN 1000000 ELSE 0 END AS VARCHAR), 6, '0') || '0', n) END"
        ),
    ),
    "ts_digits_or_none(t, n)": (
        "CASE WHEN epoch_us(t) % 1000000 = 0 THEN '' ELSE ts_digits(t, n) END"
    ),
    "ts_zone_text(z)": (
        "CASE WHEN z < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(z) // 60 AS VARCHAR), 2, '0') "
        "|| ':' || lpad(CAST(abs(z) % 60 AS VARCHAR), 2, '0')"
    ),
    "ts_year(t)": "lpad(CAST(year(t) AS VARCHAR), 4, '0')",
    "ts_ymd(t)": "ts_year(t) || strftime(t, '-%m-%d')",
    "ts_hour12(t)": "lpad(CAST((hour(t) + 11) % 12 + 1 AS VARCHAR), 2, ' ')",
    "ts_month(t)": (
        "['Jan','Feb','Mar','Apr','May','Jun','Jul','Aug','Sep','Oct','Nov','Dec'][month(t)]"
    ),
    "ts_style0(t)": (
        "ts_month(t) || ' ' || lpad(CAST(day(t) AS VARCHAR), 2, ' ') || ' ' || ts_year(t) || ' ' "
        "|| ts_hour12(t) || strftime(t, ':%M') || CASE WHEN hour(t) < 12 THEN 'AM' ELSE 'PM' END"
    ),
    "ts_in_range(t, kind)": (
        "CASE WHEN year(t) BETWEEN 1 AND 9999 OR t IS NULL THEN t ELSE error('Msg 517: Adding a "
        "value to a ''' || kind || ''' column caused an overflow.') END"
    ),
    # Binary.
    "ts_fixed(x, n)": "unhex(rpad(hex(x)[1 : 2 * n], 2 * n, '0'))",
    "ts_varying(x, n)": "unhex(hex(x)[1 : 2 * n])",
    "ts_of_int(x, n)": (
        "unhex(right(repeat(CASE WHEN x < 0 THEN 'F' ELSE '0' END, 2 * greatest(n - 8, 0)) || "
        "lpad(hex(CAST(x AS BIGINT)), 16, '0'), 2 * n))"
    ),
    "ts_bytes(x, start, length)": (
        "unhex(substr(hex(x), greatest(2 * start - 1, 1), 2 * (length + least(start - 1, 0))))"
    ),
    "ts_unsigned(x, size)": "('0x0' || right(hex(x), 2 * size))::UBIGINT::HUGEINT",
    "ts_signed(x, size)": (
        "CASE WHEN size > 1 AND ts_unsigned(x, size) >= 1::HUGEINT << (8 * size - 1) "
        "THEN ts_unsigned(x, size) - (1::HUGEINT << (8 * size)) ELSE ts_unsigned(x, size) END"
    ),
    "ts_little(unit)": "printf('%02X%02X', unit & 255, unit >> 8)",
    "ts_utf16(x)": (
        "CASE WHEN ts_ascii(x) THEN unhex(regexp_replace(hex(x), '(..)', '\\100', 'g')) "
        "ELSE unhex(array_to_string([CASE WHEN unicode(c) < 65536 THEN ts_little(unicode(c)) "
        "ELSE ts_little(55296 + ((unicode(c) - 65536) >> 10)) "
        "|| ts_little(56320 + ((unicode(c) - 65536) & 1023)) END "
        "FOR c IN regexp_extract_all(x, '(?s).')], '')) END"
    ),
    "ts_encoded(x)": (
        "CASE WHEN ts_ascii(x) OR x IS NULL THEN encode(x) "
        "ELSE unhex(array_to_string([printf('%02X', CASE WHEN unicode(c) < 256 THEN unicode(c) "
        "ELSE 127 + strpos('€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ', c) END) "
        "FOR c IN regexp_extract_all(ts_narrow(x), '(?s).')], '')) END"
    ),
    "ts_from_bytes(x)": (
        "CASE WHEN regexp_full_match(hex(x), '([0-7].)*') THEN decode(x) WHEN x IS NULL THEN NULL "
        "ELSE error('binary with bytes over 127 as text is not supported by the emulator: CONVERT "
        "it with style 1 or 2') END"
    ),
    "ts_hex(x, strict)": (
        "CASE WHEN x IS NULL THEN NULL "
        "WHEN regexp_full_match(x, '([0-9A-Fa-f]{2})*') THEN unhex(x) "
        "WHEN strict THEN error('Msg 8114: Error converting data type varchar to varbinary.') END"
    ),
    "ts_length(n)": (
        "CASE WHEN n < 0 THEN error('Msg 537: Invalid length parameter passed to the LEFT or "
        "SUBSTRING function.') ELSE n END"
    ),
}


# The macros of a binary collation. It ignores trailing blanks, too.
BINARY = {
    "ts_fold(x)": "rtrim(x, ' ')",
    "ts_order(x)": (
        r"CASE WHEN regexp_matches(x, '[\x{1}-\x{1F}]') THEN error('the emulator does not know a "
        "text''s position in SQL Server''s order, because it has control characters, which sort "
        "before the blanks that pad it') ELSE rtrim(x, ' ') END"
    ),
    "ts_like(x, p)": "regexp_full_match(x, p, 's')",
    "ts_like_set(x, p)": "regexp_full_match(x, p, 's')",
    "ts_clear(x)": "x",
    "ts_only_ascii(x)": "x",
}
# The macros of a database whose varchar is UTF-8.
UTF8 = {
    "ts_v_units(x)": "strlen(x)",
    "ts_v_cut(x, n)": (
        "CASE WHEN strlen(x) <= n OR x IS NULL THEN x "
        "WHEN hex(encode(x))[2 * n + 1 : 2 * n + 1] IN ('8', '9', 'A', 'B') THEN error('a text is "
        "cut inside a UTF-8 character, which is not supported by the emulator: use a length "
        "that ends between characters') ELSE decode(unhex(hex(encode(x))[1 : 2 * n])) END"
    ),
    "ts_v_pad(x, n)": (
        "CASE WHEN strlen(x) >= n THEN ts_v_cut(x, n) ELSE x || repeat(' ', n - strlen(x)) END"
    ),
    "ts_chars(x)": "length(ts_bmp(x))",
    "ts_narrow(x)": "x",
    "ts_encoded(x)": "encode(x)",
    "ts_like_blank(x, p)": (
        "CASE WHEN regexp_full_match(x, p, 's') THEN true "
        "WHEN regexp_full_match(x, p || ' *', 's') THEN error('whether LIKE counts the blanks at "
        "the end of a UTF-8 text is not known, and it is not supported by the emulator: RTRIM the "
        "text') WHEN x IS NOT NULL THEN false END"
    ),
}


_NAME = re.compile(r"\bts_\w+")


@lru_cache
def _definitions(behaviour: Behaviour) -> dict[str, tuple[str, str]]:
    """Signature and body of each macro by name."""
    chosen = MACROS | (BINARY if behaviour.is_binary else {}) | (UTF8 if behaviour.is_utf8 else {})
    return {signature.partition("(")[0]: (signature, body) for signature, body in chosen.items()}


def provide(con: duckdb.DuckDBPyConnection, sql: str, behaviour: Behaviour = AZURE_SQL) -> None:
    """Create the macros that a DuckDB query calls. Creating all would take a tenth of a second."""
    made: set[str] = set()
    known = _definitions(behaviour)

    def make(name: str) -> None:
        if name in made or name not in known:
            return
        made.add(name)
        signature, body = known[name]
        for used in _NAME.findall(body):
            make(used)  # DuckDB needs them first
        con.execute(f"CREATE OR REPLACE TEMP MACRO {signature} AS {body}")

    for name in _NAME.findall(sql):
        make(name)
