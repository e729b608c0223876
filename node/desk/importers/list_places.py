"""What the places of a whole list say together: one spelling for each, and which are its towns."""

from collections import Counter

from node.desk.importers import appearance
from node.desk.importers.words import fold


def towns_of(places: list[str], cities: list[str]) -> dict[str, int]:
    """How often each place of a list stands alone, and with how many others beside a comma."""
    beside: dict[str, set[str]] = {}
    scores = Counter(fold(city.strip()) for city in cities)
    for text in places:
        first, comma, last = (fold(part.strip()) for part in text.rpartition(","))
        if comma:
            beside.setdefault(first, set()).add(last)
            beside.setdefault(last, set()).add(first)
        else:
            scores[last] += 1
    return {name: scores[name] + len(beside.get(name, ())) for name in {*scores, *beside}}


def spellings(values: list[str]) -> dict[str, str]:
    """One spelling for each place, the commonest; "SF" is its column's "San Francisco"."""
    spelt: dict[str, Counter[str]] = {}
    for value in values:
        spelt.setdefault(fold(value.strip()), Counter())[value.strip()] += 1
    best = {key: _proper(counts) for key, counts in spelt.items()}
    initials = {
        "".join(w[0] for w in key.split()): name for key, name in best.items() if " " in key
    }
    for key, name in best.items():
        if len(key) in {2, 3} and key.isalpha():
            best[key] = initials.get(key) or appearance.known_place(name)
    return best


def _proper(counts: Counter[str]) -> str:
    name = max(counts, key=lambda n: (n != n.lower() and n != n.upper(), counts[n]))
    return name.title() if name == name.lower() else name
