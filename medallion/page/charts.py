"""Charts: Vega-Lite specifications, drawn as SVG when the page is written.

Each chart is drawn twice, for a screen and for a phone, because a scaled SVG scales its letters
too. Colors are CSS variables, so the page's theme is also the theme of its charts.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

SERIES = [f"var(--series-{number})" for number in range(1, 9)]
GREEN, YELLOW, RED = "var(--good)", "var(--warn)", "var(--bad)"
GREY, INK, SURFACE = "var(--muted)", "var(--ink)", "var(--surface)"
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"  # vl-convert measures texts in Liberation
WIDE, NARROW = 940, 316  # pixels
TICKS = {WIDE: 10, NARROW: 4}  # of an axis of times
CONFIG: Spec = {
    "font": FONT,
    "background": None,
    "view": {"stroke": None},
    "axis": {
        **{"domain": False, "ticks": False, "labelPadding": 6, "labelFontSize": 13},
        **{"labelColor": GREY, "titleColor": GREY, "titleFontSize": 13, "titleFontWeight": 500},
        **{"gridColor": "var(--line)", "labelLimit": 220},
    },
    "axisX": {"grid": False},
    "bar": {"color": SERIES[0], "cornerRadiusEnd": 3},
    "line": {"strokeWidth": 2.5, "color": SERIES[0], "strokeJoin": "round"},
    "point": {"filled": True, "size": 46, "color": SERIES[0], "opacity": 1},
    "text": {"color": INK, "fontSize": 13},
}


@dataclass(frozen=True)
class Chart:
    """A chart with its title, and a sentence for people who do not see it."""

    title: str
    description: str
    specs: Mapping[int, Spec]
    legend: Sequence[tuple[str, str]] = ()  # each name with its color

    def drawn(self) -> Iterator[tuple[str, str]]:
        """The class of each width, and its SVG."""
        import vl_convert  # loads a JavaScript engine of 85 MB

        for width, spec in self.specs.items():
            svg = vl_convert.vegalite_to_svg({**spec, "config": CONFIG}, vl_version="6.4")
            label = f'role="img" aria-label="{_escaped(self.description)}" data-chart'
            yield "wide" if width == WIDE else "narrow", svg.replace("<svg ", f"<svg {label} ", 1)


@dataclass(frozen=True)
class Column:
    """A column of a chart's data; `format` is d3's, `domain` the order and `colors` of values."""

    name: str
    title: str = ""
    format: str = ",d"
    domain: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()


def lines(title: str, description: str, data: Rows, x: Column, ys: Sequence[Column]) -> Chart:
    """A line per column of `ys` over a day or a time."""
    long = [
        {"at": row[x.name], "series": y.title, "value": row[y.name], "label": _label(row, x, y)}
        for row in data
        for y in ys
        if row[y.name] is not None
    ]
    legend = _legend([y.title for y in ys], ys[0].colors)
    layer = {
        "encoding": {
            "x": _time("at", [row[x.name] for row in data]),
            "y": _quantity("value", ys[0].format),
            "color": _color("series", legend),
        },
        "layer": [{"mark": "line"}, _points("label", len(data))],
    }
    shown = legend if len(ys) > 1 else []
    return _chart(title, description, long, layer, height={WIDE: 240, NARROW: 180}, legend=shown)


def areas(title: str, description: str, data: Rows, x: Column, y: Column, of: Column) -> Chart:
    """Stacked areas: one per value of `of`, over days."""
    rows = [{**row, "label_": f"{row[x.name]}, {row[of.name]}: {row[y.name]:,}"} for row in data]
    legend = _legend(of.domain, of.colors)
    text = {"description": {"field": "label_"}}
    if len({row[x.name] for row in data}) < 2:  # an area needs some width
        layers: list[Spec] = [{"mark": {"type": "bar", "size": 46}, "encoding": text}]
    else:
        # The texts are on points: an area with a text per row would be cut into its rows.
        points = {"type": "point", "opacity": 0, "size": 160}
        layers = [{"mark": {"type": "area", "opacity": 0.85}}, {"mark": points, "encoding": text}]
    layer = {
        "encoding": {
            "x": _time(x.name, [row[x.name] for row in data]),
            "y": {**_quantity(y.name, y.format), "stack": "zero"},
            "color": _color(of.name, legend),
            "order": {"field": of.name},
        },
        "layer": layers,
    }
    return _chart(title, description, rows, layer, {WIDE: 240, NARROW: 180}, legend)


def bars(title: str, description: str, data: Rows, label: Column, value: Column) -> Chart:
    """Horizontal bars with their values, in the order of the rows."""
    rows = [{**row, "label_": f"{row[label.name]}: {row[value.name]:,}"} for row in data]
    y = {
        **{"field": label.name, "type": "nominal", "sort": None, "title": None},
        "axis": {
            "labelLimit": {WIDE: 300, NARROW: 170},
            # A phone has no room for `table: rule` in one line.
            "labelExpr": {WIDE: "datum.label", NARROW: "split(datum.label, ': ')"},
        },
    }
    room = max((row[value.name] for row in data), default=1) * 1.18
    x = {
        **{"field": value.name, "type": "quantitative", "axis": None},
        "scale": {"domain": [0, room or 1]},
    }
    number = {"field": value.name, "format": value.format}
    layer = {
        "encoding": {"y": y, "x": x, "description": {"field": "label_"}},
        "layer": [
            {"mark": {"type": "bar", "height": {"band": 0.68}}},
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"text": number},
            },
        ],
    }
    labels = [str(row[label.name]) for row in data]
    step = {WIDE: 27, NARROW: 40 if any(": " in one for one in labels) else 27}
    # A browser without Arial writes wider letters than those that were measured.
    longest = max((len(part) for one in labels for part in one.split(": ")), default=0)
    chart = _chart(title, description, rows, layer, height={"step": step})
    for spec in chart.specs.values():
        spec["padding"] = {**spec["padding"], "left": 4 + longest // 2}
    return chart


def stacked(
    title: str, description: str, data: Rows, label: Column, value: Column, of: Column
) -> Chart:
    """Horizontal bars in parts of `of`, each as a share of its whole."""
    totals: dict[str, float] = {}
    for row in data:
        totals[row[label.name]] = totals.get(row[label.name], 0) + row[value.name]
    rows = [
        {**row, "label_": f"{row[label.name]}, {row[of.name]}: {row[value.name]:,}"}
        for row in data
        if row[value.name] and totals[row[label.name]]
    ]
    legend = _legend(of.domain, of.colors)
    axis = {"format": ".0%", "grid": False}
    ticks = {WIDE: [0, 0.25, 0.5, 0.75, 1], NARROW: [0, 0.5, 1]}
    layer = {
        "mark": {"type": "bar", "height": {"band": 0.62}, "cornerRadiusEnd": 0},
        "encoding": {
            "y": {"field": label.name, "type": "nominal", "sort": None, "title": None},
            "x": {
                **{"field": value.name, "type": "quantitative", "stack": "normalize"},
                **{"title": None, "axis": {**axis, "values": ticks}},
            },
            "color": _color(of.name, legend),
            "order": {"field": "order", "type": "quantitative"},
            "description": {"field": "label_"},
        },
    }
    return _chart(title, description, rows, layer, {"step": 32}, legend)


def columns(
    title: str, description: str, data: Rows, x: Column, y: Column, of: Column | None = None
) -> Chart:
    """Upright bars, one per text of `x` in the order of the rows, stacked by `of`."""
    part = f", {{{of.name}}}" if of else ""
    text = f"{{{x.name}}}{part}: {{{y.name}:,}}"
    rows = [{**row, "label_": text.format(**row)} for row in data]
    encoding: Spec = {
        "x": {
            **{"field": x.name, "type": "nominal", "sort": None, "title": None},
            "axis": {"labelAngle": {WIDE: 0, NARROW: -40}, "labelOverlap": True},
        },
        "y": {**_quantity(y.name, y.format), "title": y.title or None},
        "description": {"field": "label_"},
    }
    legend = _legend(of.domain, of.colors) if of else []
    if of:
        encoding["color"] = _color(of.name, legend)
        encoding["order"] = {"field": "order", "type": "quantitative"}
    mark: Spec = {"type": "bar", "width": {"band": 0.7}, "cornerRadiusEnd": 0 if of else 3}
    layer = {"mark": mark, "encoding": encoding}
    return _chart(title, description, rows, layer, {WIDE: 220, NARROW: 180}, legend)


def heatmap(
    title: str, description: str, data: Rows, x: Column, y: Column, value: Column, label: str
) -> Chart:
    """A square per row: darker for a higher share, with the share written in it."""
    axis = {"labelAngle": 0, "domain": False}
    position = {
        "x": {"field": x.name, "type": "ordinal", "title": x.title, "axis": axis},
        "y": {"field": y.name, "type": "ordinal", "title": None},
    }
    layer = {
        "encoding": position,
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 3, "stroke": SURFACE, "strokeWidth": 2},
                "encoding": {
                    "color": {"value": SERIES[0]},
                    "opacity": {
                        **{"field": value.name, "type": "quantitative", "legend": None},
                        "scale": {"domain": [0, 1], "range": [0.06, 1]},
                    },
                    "description": {"field": label},
                },
            },
            {
                "mark": {"type": "text", "fontSize": {WIDE: 12, NARROW: 9}},
                "encoding": {
                    "text": {"field": value.name, "format": value.format},
                    "color": {
                        "condition": {
                            "test": f"datum['{value.name}'] > 0.55",
                            "value": "var(--on-series)",
                        },
                        "value": INK,
                    },
                },
            },
        ],
    }
    return _chart(title, description, data, layer, height={"step": 30})


def _chart(
    title: str,
    description: str,
    data: Rows,
    layer: Spec,
    height: Any,
    legend: Sequence[tuple[str, str]] = (),
) -> Chart:
    spec = {
        "data": {"values": data},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 4, "right": 16, "top": 6, "bottom": 4},
        "height": height,
        **layer,
    }
    specs = {width: {**_at(spec, width), "width": width} for width in (WIDE, NARROW)}
    return Chart(title, description, specs, legend)


def _at(node: Any, width: int) -> Any:
    """The specification at a width: a dictionary by width becomes its value."""
    if isinstance(node, dict):
        if set(node) == {WIDE, NARROW}:
            return node[width]
        return {key: value if key == "data" else _at(value, width) for key, value in node.items()}
    return [_at(one, width) for one in node] if isinstance(node, list) else node


def _quantity(name: str, form: str) -> Spec:
    axis = {"format": form, "tickCount": 5, **({"tickMinStep": 1} if form == ",d" else {})}
    return {"field": name, "type": "quantitative", "title": None, "axis": axis}


def _time(name: str, times: Sequence[str]) -> Spec:
    """A position in time. Days are UTC, on each machine, and a tick is at one of them."""
    days = sorted({dt.datetime.fromisoformat(one[:10]).replace(tzinfo=dt.UTC) for one in times})
    values = {
        width: [1000 * int(one.timestamp()) for one in days[:: -(-len(days) // count)]]
        for width, count in TICKS.items()
    }
    axis = {"format": "%-d %b", "labelOverlap": True, "labelFlush": False, "values": values}
    scale = {"type": "utc"}
    return {"field": name, "type": "temporal", "title": None, "scale": scale, "axis": axis}


def _color(name: str, legend: Sequence[tuple[str, str]]) -> Spec:
    scale = {"domain": [one for one, _ in legend], "range": [color for _, color in legend]}
    return {"field": name, "type": "nominal", "scale": scale, "legend": None}


def _legend(names: Sequence[str], colors: Sequence[str]) -> list[tuple[str, str]]:
    used = colors or [SERIES[number % len(SERIES)] for number in range(len(names))]
    return list(zip(names, used, strict=True))


def _points(label: str, count: int) -> Spec:
    """Points on a line; they carry the texts that a pointer or a screen reader shows."""
    mark = {"type": "point", "size": 46 if count <= 40 else 14}
    return {"mark": mark, "encoding": {"description": {"field": label}}}


def _label(row: Mapping[str, Any], x: Column, y: Column) -> str:
    value = row[y.name]
    if y.format.endswith("%"):
        shown = f"{value:.0%}"
    else:
        shown = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return f"{str(row[x.name])[:16].replace('T', ' ')}, {y.title}: {shown}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
