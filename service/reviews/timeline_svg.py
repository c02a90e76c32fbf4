"""The order of acts of a visit as a drawing: the acts in time order, and each broken order as a red arrow.

`order_of_acts` finds what there is to draw, `draw` lays it out in a language. Both are pure; a template writes the SVG.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import pairwise
from unicodedata import east_asian_width

import msgspec

from service.judge.checklist import Text
from service.judge.entries import Author
from service.judge.findings import Finding
from service.judge.moments import from_ms, in_zone
from service.judge.rules import CompiledChecklist
from service.judge.timeline import OccurrenceKey, TimedEntry, Timeline
from service.web.language import Language, PageText
from service.web.templates import translate

WINDOW_END = "window_end"
MAX_ACTS = 200
"""More are only drawn where an order is broken."""
AUTHORS: dict[Author, PageText] = {
    "technician": PageText("技术员"),
    "dispatcher": PageText("调度"),
    "supervisor": PageText("主管"),
    "office": PageText("办公室"),
    "customer": PageText("客户"),
}
WIDTH, FONT, LINE = 520, 16, 23
AXIS, LANES, LANE = 74, 96, 18
"""Where the line of time is, where the arrows begin, and how far they are apart, in pixels from the left."""
ROW_GAP, DAY_HEIGHT, MARGIN, CORNER = 12, 34, 8, 8
MAX_LANES_WIDTH = 120
OPENING, CLOSING = "(（「“", ")）」”，。、；"
"""No line ends with the former or begins with the latter."""


class Act(msgspec.Struct, frozen=True):
    """What happened, when, by whom, and to which thing. `claimed`: when they say that it was, if written down later."""

    at: datetime
    label: Text
    by: Author
    thing: str = ""
    claimed: datetime | None = None
    refused: bool = False


class BrokenOrder(msgspec.Struct, frozen=True):
    """The act with the index `act` had to come after (or before) the one with the index `other`."""

    act: int
    other: int
    after: bool
    violation: bool


class OrderOfActs(msgspec.Struct, frozen=True):
    """The acts in time order, and where their order is broken. `omitted`: how many acts are left out."""

    acts: tuple[Act, ...]
    broken: tuple[BrokenOrder, ...]
    omitted: int = 0


def order_of_acts(
    rules: CompiledChecklist,
    timeline: Timeline,
    findings: Iterable[Finding],
    labels: dict[str, str],
    zone: tzinfo | None,
) -> OrderOfActs:
    """The acts that count and what the customer refused, in time order. `labels`: the names of things."""
    refusals = {key: min(timed) for key, timed in timeline.refusals.items() if key not in timeline.occurrences}
    pairs = [(one, key, other) for one in findings if one.kind == "order" for key, other in _ends(timeline, one)]
    needed = {key for _, *ends in pairs for key in ends}
    found = sorted(
        (timed[0], timed[1], key)
        for key, timed in (*timeline.occurrences.items(), *refusals.items())
        if key in needed or (key != WINDOW_END and _name(key) not in rules.any_of)
    )
    extra = max(0, len(found) - MAX_ACTS)
    kept = [one for n, one in enumerate(found) if n < MAX_ACTS or one[2] in needed] if extra else found
    places = {key: place for place, (_, _, key) in enumerate(kept)}
    return OrderOfActs(
        tuple(
            _act(rules, timeline.occurrences.get(key) or refusals[key], key, labels, zone, refused=key in refusals)
            for _, _, key in kept
        ),
        tuple(
            BrokenOrder(places[key], places[other], one.part.startswith("after."), one.severity == "violation")
            for one, key, other in pairs
            if key != other
        ),
        len(found) - len(kept),
    )


def _name(key: OccurrenceKey) -> str:
    return key if isinstance(key, str) else key[0]


def _ends(timeline: Timeline, finding: Finding) -> Iterator[tuple[OccurrenceKey, OccurrenceKey]]:
    """The two acts of a finding about order, as the judge finds them: of the thing, else without one."""
    own, other = (
        next((key for key in ((name, finding.thing or ""), name) if key in timeline.occurrences), None)
        for name in (finding.item, finding.part.partition(".")[2])
    )
    if own is not None and other is not None:
        yield own, other


def _act(
    rules: CompiledChecklist,
    timed: TimedEntry,
    key: OccurrenceKey,
    labels: dict[str, str],
    zone: tzinfo | None,
    *,
    refused: bool,
) -> Act:
    name, thing = (key, "") if isinstance(key, str) else key
    at = from_ms(timed[0] // 1000, zone)
    if name == WINDOW_END:
        return Act(at, Text("约定时段结束", "end of the agreed window"), "dispatcher")
    rule = rules.by_id.get(name)
    label = rule.item.label if rule is not None else Text(rules.facts[name].zh, rules.facts[name].en)
    claimed = in_zone(timed[2].claimed_at, zone) if timed[2].claimed_at else None
    return Act(at, label, timed[2].by, labels.get(thing, thing), claimed, refused)


class TextLine(msgspec.Struct, frozen=True):
    """A line of text with the place of its baseline."""

    y: int
    text: str


class DrawnDay(msgspec.Struct, frozen=True):
    """Where a day begins."""

    y: int
    at: datetime


class DrawnAct(msgspec.Struct, frozen=True):
    """An act: its dot at `y`, its text, and below it what is wrong with its place."""

    y: int
    time: str
    lines: tuple[TextLine, ...]
    faults: tuple[TextLine, ...]
    by: Author
    broken: bool


class DrawnArrow(msgspec.Struct, frozen=True):
    """An arrow from an act to the one that it had to come after (or before), broken in the middle at (`x`, `y`)."""

    path: str
    head: str
    x: int
    y: int
    violation: bool


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """What a template draws, in pixels; and the same as sentences."""

    width: int
    height: int
    axis: int
    text_x: int
    days: tuple[DrawnDay, ...]
    acts: tuple[DrawnAct, ...]
    arrows: tuple[DrawnArrow, ...]
    sentences: tuple[str, ...]
    omitted: int


def draw(order: OrderOfActs, language: Language) -> Drawing:
    """Lay out the acts from top to bottom; texts are wrapped to the width."""
    lanes = _lanes(order.broken)
    count = max(lanes, default=-1) + 1
    step = LANE if count * LANE <= MAX_LANES_WIDTH else MAX_LANES_WIDTH / count
    text_x = LANES + round(step * count)
    width = (WIDTH - text_x) / FONT
    days: list[DrawnDay] = []
    acts: list[DrawnAct] = []
    y = MARGIN
    for number, act in enumerate(order.acts):
        if number == 0 or order.acts[number - 1].at.date() != act.at.date():
            days.append(DrawnDay(y + FONT, act.at))
            y += DAY_HEIGHT
        words = wrap(label_of(act, language), width)
        faults = [
            line for one in order.broken if one.act == number for line in wrap(sentence(order, one, language), width)
        ]
        first = y + FONT
        texts = tuple(TextLine(first + LINE * n, text) for n, text in enumerate([*words, *faults]))
        acts.append(
            DrawnAct(
                first - 5,
                f"{act.at:%H:%M}",
                texts[: len(words)],
                texts[len(words) :],
                act.by,
                any(number in (one.act, one.other) for one in order.broken),
            )
        )
        y += LINE * len(texts) + ROW_GAP
    arrows = [
        _arrow(acts[one.act].y, acts[one.other].y, LANES + round(step * lane), one.violation)
        for one, lane in zip(order.broken, lanes, strict=True)
    ]
    return Drawing(
        width=WIDTH,
        height=y + MARGIN,
        axis=AXIS,
        text_x=text_x,
        days=tuple(days),
        acts=tuple(acts),
        arrows=tuple(arrows),
        sentences=tuple(_in_words(order, number, language) for number in range(len(order.acts))),
        omitted=order.omitted,
    )


def label_of(act: Act, language: Language) -> str:
    """What an act is called: with its thing, since when if it was written down later, and who unless the technician."""
    label = act.label.en if language == "en" else act.label.zh
    if act.thing:
        label += f" ({act.thing})" if language == "en" else f"（{act.thing}）"
    if act.refused:
        label += f" · {translate(PageText('客户拒绝'), language)}"
    if act.claimed:
        late = PageText("补记：发生于 %(time)s", {"time": f"{act.claimed:%m-%d %H:%M}"})
        label += f" · {translate(late, language)}"
    return label if act.by == "technician" else f"{label} · {translate(AUTHORS[act.by], language)}"


def sentence(order: OrderOfActs, broken: BrokenOrder, language: Language) -> str:
    """What is wrong: it had to come after (or before) the other act, which was at that time."""
    other = order.acts[broken.other]
    name = other.label.en if language == "en" else other.label.zh
    words = {"other": name, "time": f"{other.at:%H:%M}"}
    text = PageText("应在「%(other)s」（%(time)s）之后", words)
    return translate(text if broken.after else PageText("应在「%(other)s」（%(time)s）之前", words), language)


def _in_words(order: OrderOfActs, number: int, language: Language) -> str:
    """An act with its time and what is wrong, for those who do not see the drawing."""
    act = order.acts[number]
    faults = [sentence(order, one, language) for one in order.broken if one.act == number]
    stop = "; " if language == "en" else "；"
    return stop.join((f"{act.at:%m-%d %H:%M} {label_of(act, language)}", *faults))


def _lanes(broken: Sequence[BrokenOrder]) -> list[int]:
    """A lane for each arrow, so that arrows side by side do not touch; short ones are inside."""
    taken: list[list[tuple[int, int]]] = []
    found = [0] * len(broken)
    for place in sorted(range(len(broken)), key=lambda n: abs(broken[n].act - broken[n].other)):
        low, high = sorted((broken[place].act, broken[place].other))
        lane = next((n for n, spans in enumerate(taken) if all(high < a or b < low for a, b in spans)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        found[place] = lane
    return found


def _arrow(start: int, end: int, lane: int, violation: bool) -> DrawnArrow:
    turn = CORNER if end > start else -CORNER
    path = (
        f"M{AXIS + 9} {start}H{lane - CORNER}Q{lane} {start} {lane} {start + turn}"
        f"V{end - turn}Q{lane} {end} {lane - CORNER} {end}H{AXIS + 16}"
    )
    head = f"{AXIS + 8},{end} {AXIS + 18},{end - 6} {AXIS + 18},{end + 6}"
    return DrawnArrow(path, head, lane, (start + end) // 2, violation)


def wrap(text: str, width: float) -> list[str]:
    """Break a text into lines of at most `width` em; between words, or between Chinese characters."""
    breaks = (n for n, (a, b) in enumerate(pairwise(text), 1) if _may_break(a, b))
    pieces = [0, *breaks, len(text)]
    lines = [""]
    for start, end in pairwise(pieces):
        piece = text[start:end]
        if lines[-1] and _width(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines if line.strip()]


def _may_break(before: str, after: str) -> bool:
    if before in OPENING or after in CLOSING:
        return False
    return before == " " or _is_wide(before) or _is_wide(after)


def _width(text: str) -> float:
    return sum(1.0 if _is_wide(char) else 0.6 for char in text)


def _is_wide(char: str) -> bool:
    return east_asian_width(char) in "WF"
