"""From the rounds to medians, spreads and ratios."""

import statistics

from measures import FIGURES


def summarise(rounds, peers, reference):
    """rounds: a list of {measure: {peer: {figure: value}}}. Returns {figure key: {peer: summary}}."""
    summary = {}
    for figure in FIGURES:
        of_figure = {}
        for peer in peers:
            values = [value for value in _values(rounds, figure, peer) if value is not None]
            if values:
                of_figure[peer] = {"median": statistics.median(values), "min": min(values),
                                   "max": max(values), "rounds": len(values)}
        if of_figure:
            summary[figure.key] = of_figure
            if figure.compared:
                _add_ratios(rounds, figure, peers, reference, of_figure)
    return summary


def _values(rounds, figure, peer):
    return [one.get(figure.measure, {}).get(peer, {}).get(figure.name) for one in rounds]


def _add_ratios(rounds, figure, peers, reference, of_figure):
    """Medians of the ratios of each round: what disturbs a round disturbs both sides of its ratio."""
    best = best_userspace(figure, peers, of_figure)
    for name, other in (("to_reference", reference), ("to_best_userspace", best)):
        if other not in of_figure:
            continue
        theirs = _values(rounds, figure, other)
        for peer in of_figure:
            pairs = zip(_values(rounds, figure, peer), theirs)
            ratios = [mine / their for mine, their in pairs if mine is not None and their]
            if ratios:
                of_figure[peer][name] = {"median": statistics.median(ratios), "min": min(ratios),
                                         "max": max(ratios), "other": other}


def best_userspace(figure, peers, of_figure):
    """The best of the userspace switches that are not ours, by its median."""
    others = [name for name, peer in peers.items()
              if peer.userspace and not peer.ours and name in of_figure]
    if not others:
        return None
    best = max if figure.higher_is_better else min
    return best(others, key=lambda name: of_figure[name]["median"])
