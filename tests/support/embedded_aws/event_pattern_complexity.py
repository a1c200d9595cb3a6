"""How complex the wildcards of an event pattern are.

Event Ruler, EventBridge's matcher, counts how many beginnings of wildcards a value can match at once, at worst:
`a*b*b` has four, as "abb" matches `a*`, `a*b`, `a*b*` and `a*b*b` (MachineComplexityEvaluator and its test). A
wildcard with `*` at its end counts with and without it, each wildcard of a field counts for itself, and those of one
`anything-but` share what they begin with. Event Ruler sometimes shares more of those, so it may count less there.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

# Not documented. AWS has taken 9 (github.com/vals-ai/Valkyrie/pull/278) and refused 11 (`*:*:*:*:*:event-bus/*`, of
# the recorded answers).
MOST_COMPLEX = 9

Beginning = tuple[int, tuple[str, ...]]


def complexity(pattern: Mapping[str, Any]) -> int:
    """Return the complexity of a valid pattern: that of its worst field, or any number above MOST_COMPLEX."""
    wildcards: dict[str, list[frozenset[str]]] = defaultdict(list)
    for field, texts in _wildcards(pattern):
        if texts not in wildcards[field]:
            wildcards[field].append(texts)
    return max(map(_complexity_of, wildcards.values()), default=0)


def _wildcards(pattern: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each match value that has wildcards with its field, those of all alternatives of `$or` too."""
    for name, wanted in pattern.items():
        if name == "$or":
            for alternative in wanted:
                yield from _wildcards(alternative, path)
        elif isinstance(wanted, dict):
            yield from _wildcards(wanted, f"{path}.{name}")
        else:
            for value in wanted:
                operand = value.get("anything-but", value) if isinstance(value, dict) else None
                if isinstance(operand, dict) and "wildcard" in operand:
                    texts = operand["wildcard"]
                    yield f"{path}.{name}", frozenset(texts if isinstance(texts, list) else [texts])


def _complexity_of(groups: list[frozenset[str]]) -> int:
    """Return how many beginnings of the wildcards match one value at worst, or a number above MOST_COMPLEX."""
    known: set[Beginning] = {
        (number, tokens[:length])
        for number, texts in enumerate(groups)
        # Event Ruler matches texts with their quotation marks.
        for tokens in (tuple(re.findall(r"\\[*\\]|.", f'"{text}"', re.DOTALL)) for text in texts)
        for length in range(1, len(tokens) + 1)
    }
    characters = {beginning[-1] for _, beginning in known} - {"*"}

    def reached(number: int, beginning: tuple[str, ...]) -> Iterator[Beginning]:
        """Yield a beginning, and the one that goes on with `*`, which may stand for nothing."""
        yield from {(number, beginning), (number, (*beginning, "*"))} & known

    def after(matched: frozenset[Beginning], character: str | None) -> frozenset[Beginning]:
        following = {one for one in matched if one[1][-1:] == ("*",)}
        if character is not None:
            following |= {new for number, one in matched for new in reached(number, (*one, character))}
        return frozenset(following)

    start = frozenset(new for number in range(len(groups)) for new in [(number, ()), *reached(number, ("*",))])
    seen, waiting, worst = {start}, [start], 0
    while waiting and worst <= MOST_COMPLEX:
        matched = waiting.pop()
        for character in [None, *characters]:
            following = after(matched, character)
            worst = max(worst, len(following))
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return worst
