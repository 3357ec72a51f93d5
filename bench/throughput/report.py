"""The result as a JSON file, a Markdown page and tables for the terminal."""

import json

from measures import FIGURES


def write(result, base):
    base.parent.mkdir(parents=True, exist_ok=True)
    base.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    base.with_suffix(".md").write_text(markdown(result, base.name))


def terminal(result):
    parts = []
    for title, table in _tables(result):
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        lines = [row[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width
                                                   in zip(row[1:], widths[1:])) for row in table]
        parts.append("\n".join([title, lines[0], "-" * len(lines[0]), *lines[1:]]))
    return "\n" + "\n\n".join(parts + _notes(result))


def markdown(result, name):
    machine, suite = result["machine"], result["suite"]
    parts = [f"# Throughput of the {suite['noun']}, {machine['date']}",
             f"{suite['about']}, MTU {result['settings']['mtu']}, offloads as the "
             f"kernel sets them; {result['settings']['rounds']} interleaved rounds of "
             f"{result['settings']['seconds']} s, median (min to max). "
             f"{machine['cpus']} CPUs ({machine['cpu']}{', virtual' if machine['virtual'] else ''}), "
             f"Linux {machine['kernel']}, {machine['distribution']}, {machine['iperf3']}, "
             f"uswitch {machine['revision']}.",
             f"![ratios to {suite['reference_title']}]({name}.svg)"]
    for title, table in _tables(result):
        rows = [f"| {' | '.join(row)} |" for row in table]
        rule = "|---|" + "---:|" * (len(table[0]) - 1)
        parts.append("\n".join([f"## {title}", "", rows[0], rule, *rows[1:]]))
    return "\n\n".join(parts + _notes(result)) + "\n"


def _tables(result):
    """(title, rows) of each table; the first row is its head."""
    yield from _value_tables(result)
    for field, title in (("to_reference", f"Ratio to {result['suite']['reference_title']}, a median of rounds"),
                         ("to_best_userspace", "Ratio to the best userspace peer, a median of rounds")):
        table = _ratio_table(result, field)
        if len(table[0]) > 1:
            yield title, table


def _value_tables(result):
    """What was measured, some measures to a table so that it stays readable."""
    groups = (("TCP", ("tcp1", "tcp4", "tcp1v6", "tcp1_publish")),
              ("Connections", ("cps",)),
              ("Small frames", ("udp", "blast", "flood", "paced")),
              ("Delay, idle", ("rtt", "idle")))
    for title, names in groups:
        figures = [figure for figure in FIGURES
                   if figure.measure in names and figure.key in result["summary"]]
        if not figures:
            continue
        head = ["peer"] + [f"{figure.short}, {figure.unit}" for figure in figures]
        rows = [[peer["title"]] + [_value(result["summary"][figure.key].get(name), figure)
                                   for figure in figures]
                for name, peer in result["peers"].items()]
        yield title, [head, *rows]


def _value(found, figure):
    if not found:
        return "-"
    digits = figure.digits
    median = f"{found['median']:.{digits}f}"
    if found["rounds"] == 1:
        return median
    return f"{median} ({found['min']:.{digits}f} to {found['max']:.{digits}f})"


def _ratio_table(result, field):
    figures = [figure for figure in FIGURES if figure.compared and
               any(field in found for found in result["summary"].get(figure.key, {}).values())]
    head = ["peer"] + [figure.short + ("" if figure.higher_is_better else " (less is better)")
                       for figure in figures]
    rows = []
    for name, peer in result["peers"].items():
        found = [result["summary"][figure.key].get(name, {}).get(field) for figure in figures]
        rows.append([peer["title"]] + [_ratio(one) for one in found])
    return [head, *rows]


def _ratio(found):
    return f"{found['median']:.3g}x" if found else "-"


def _notes(result):
    """What a reader must know to trust the tables: failures and a machine that was not quiet."""
    notes = []
    busy = [one["background_busy_cores"] for one in result["rounds"]]
    notes.append(f"Busy cores just before each round: {', '.join(f'{one:.2f}' for one in busy)}"
                 + (" (not a quiet machine: figures are disturbed)." if max(busy) > 0.2 else "."))
    failures = {}
    for one in result["rounds"]:
        for measure, by_peer in one.items():
            if isinstance(by_peer, dict):
                for peer, figures in by_peer.items():
                    if "failure" in figures:
                        failures.setdefault((peer, measure, figures["failure"]), []).append(1)
    for (peer, measure, why), times in failures.items():
        notes.append(f"{peer}, {measure}: failed {len(times)} times: {why}")
    if result["suite"]["reference"] not in result["peers"]:
        notes.append(f"No ratios: {result['suite']['reference_title']} was not measured.")
    return notes
