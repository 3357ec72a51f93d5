"""The ratios to the reference peer as horizontal bars, one panel a figure, in SVG written by hand."""

from html import escape

from measures import FIGURES

COLUMNS = 2
PANEL_WIDTH, LABEL_WIDTH, VALUE_WIDTH = 560, 130, 160
BAR, GAP, TITLE, MARGIN = 15, 6, 44, 14
HEAD = 62
OURS, OTHERS, LINE, INK, FAINT = "#0b6e4f", "#a9b4c2", "#c0392b", "#1f2933", "#5f6c7b"
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"


def write(result, path):
    path.write_text(svg(result))


def svg(result):
    panels = [figure for figure in FIGURES if figure.compared and
              any("to_reference" in one for one in result["summary"].get(figure.key, {}).values())]
    height_of_panel = TITLE + len(result["peers"]) * (BAR + GAP) + MARGIN
    rows = -(-len(panels) // COLUMNS)
    width = COLUMNS * PANEL_WIDTH + (COLUMNS + 1) * MARGIN
    height = HEAD + rows * height_of_panel + MARGIN
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' "
             f"width='{width}' height='{height}' {FONT}>",
             f"<rect width='{width}' height='{height}' fill='white'/>",
             *_head(result)]
    for number, figure in enumerate(panels):
        x = MARGIN + number % COLUMNS * (PANEL_WIDTH + MARGIN)
        y = HEAD + number // COLUMNS * height_of_panel
        parts.append(f"<g transform='translate({x},{y})'>")
        parts += _panel(figure, result)
        parts.append("</g>")
    return "\n".join(parts + ["</svg>"]) + "\n"


def _text(x, y, text, size=12, colour=INK, anchor="start", weight="normal"):
    return (f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{colour}' "
            f"text-anchor='{anchor}' font-weight='{weight}'>{escape(text)}</text>")


def _head(result):
    machine, settings, suite = result["machine"], result["settings"], result["suite"]
    return [_text(MARGIN, 28, f"Two namespaces, one {suite['noun']}: compared with "
                  f"{suite['reference_title']} (1x)", 18, weight="bold"),
            _text(MARGIN, 48, f"longer is better; median of {settings['rounds']} interleaved rounds of "
                  f"{settings['seconds']} s, thin line: min to max; {machine['cpus']} CPUs, "
                  f"{machine['cpu']}, Linux {machine['kernel']}, {machine['date']}", 12, FAINT)]


def _goodness(found, figure):
    """The ratio so that longer is better, as (median, least, most)."""
    median, low, high = (found["to_reference"][name] for name in ("median", "min", "max"))
    return (median, low, high) if figure.higher_is_better else (1 / median, 1 / high, 1 / low)


def _panel(figure, result):
    found = {name: one for name, one in result["summary"][figure.key].items()
             if one.get("to_reference", {}).get("median")}
    good = {name: _goodness(one, figure) for name, one in found.items()}
    longest = max([1.0] + [min(high, 1.4 * median) for median, _, high in good.values()])
    room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH
    scale = room / longest
    parts = [_text(0, 24, figure.title + ("" if figure.higher_is_better else " (inverted)"), 14,
                   weight="bold")]
    for row, (name, peer) in enumerate(result["peers"].items()):
        y = TITLE - 8 + row * (BAR + GAP)
        parts.append(_text(LABEL_WIDTH - 8, y + BAR - 3, name, 12, INK, "end",
                           "bold" if peer["ours"] else "normal"))
        if name in good:
            parts += _bar(y, good[name], scale, room, OURS if peer["ours"] else OTHERS)
            value = f"{found[name]['median']:.{figure.digits}f} {figure.unit}"
            parts.append(_text(LABEL_WIDTH + room + 48, y + BAR - 3, f"{good[name][0]:.2f}x", 12, INK,
                               "end"))
            parts.append(_text(LABEL_WIDTH + room + 60, y + BAR - 3, value, 11, FAINT))
        else:
            parts.append(_text(LABEL_WIDTH + 6, y + BAR - 3, "no figure", 11, FAINT))
    at = LABEL_WIDTH + scale
    bottom = TITLE - 8 + len(result["peers"]) * (BAR + GAP)
    parts.append(f"<line x1='{at:.1f}' x2='{at:.1f}' y1='{TITLE - 12}' y2='{bottom}' "
                 f"stroke='{LINE}' stroke-dasharray='4 3'/>")
    return parts


def _bar(y, good, scale, room, colour):
    median, low, high = (min(room, value * scale) for value in good)
    middle = y + BAR / 2
    return [f"<rect x='{LABEL_WIDTH}' y='{y}' width='{max(1, median):.1f}' height='{BAR}' "
            f"fill='{colour}' rx='2'/>",
            f"<line x1='{LABEL_WIDTH + low:.1f}' x2='{LABEL_WIDTH + high:.1f}' y1='{middle}' "
            f"y2='{middle}' stroke='{INK}' stroke-width='1'/>"]
