"""Conditions of items: `and or not`, `in`, `==`, `always`, and names of facts.

A condition is parsed once into a tree and compiled into a function over the set of true names;
nothing is evaluated as code. `visit_type == 'x'` is true when the name `visit_type=x` is.

    condition := either ("or" either)*        either := both ("and" both)*
    both      := "not" both | "(" condition ")" | "always" | NAME [ "==" TEXT | "in" "(" TEXT,… ")" ]
"""

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Literal

import msgspec

Predicate = Callable[[AbstractSet[str]], bool]
_TOKEN = re.compile(r"\s*(?:(?P<word>[a-z_][a-z0-9_]*)|(?P<text>'[^']*')|(?P<sign>==|[(),]))")


class Condition(msgspec.Struct, frozen=True):
    """A node: `op` over `parts`, or a `name` that has to be true."""

    op: Literal["and", "or", "not", "name", "always"]
    parts: tuple["Condition", ...] = ()
    name: str = ""

    def names(self) -> Iterator[str]:
        """The facts it reads."""
        if self.op == "name":
            yield self.name
        for part in self.parts:
            yield from part.names()

    def compiled(self) -> Predicate:
        """The condition as a function over the set of true names."""
        if self.op == "always":
            return lambda _: True
        if self.op == "name":
            name = self.name
            return lambda true: name in true
        tests = tuple(part.compiled() for part in self.parts)
        if self.op == "not":
            only = tests[0]
            return lambda true: not only(true)
        if len(tests) == 2:
            one, two = tests
            if self.op == "and":
                return lambda true: one(true) and two(true)
            return lambda true: one(true) or two(true)
        if self.op == "and":
            return lambda true: all(test(true) for test in tests)
        return lambda true: any(test(true) for test in tests)


def parse(text: str) -> Condition:
    """Read a condition. ValueError says where it cannot be read."""
    tokens = list(_tokens(text))
    condition, rest = _parse_or(tokens, text)
    if rest:
        raise ValueError(f"cannot read {rest[0]!r} in condition {text!r}")
    return condition


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"cannot read {text[at:].strip()!r} in condition {text!r}")
        at = found.end()
        yield found.group().strip()


def _parse_or(tokens: list[str], text: str) -> tuple[Condition, list[str]]:
    return _joined(tokens, "or", lambda rest: _joined(rest, "and", lambda more: _parse_and(more, text)))


FactReader = Callable[[list[str]], tuple[Condition, list[str]]]


def _joined(tokens: list[str], word: Literal["and", "or"], read: FactReader) -> tuple[Condition, list[str]]:
    part, rest = read(tokens)
    parts = [part]
    while rest[:1] == [word]:
        part, rest = read(rest[1:])
        parts.append(part)
    return (parts[0] if len(parts) == 1 else Condition(word, tuple(parts))), rest


def _parse_and(tokens: list[str], text: str) -> tuple[Condition, list[str]]:
    match tokens:
        case ["not", *rest]:
            part, rest = _parse_and(rest, text)
            return Condition("not", (part,)), rest
        case ["(", *rest]:
            part, rest = _parse_or(rest, text)
            if rest[:1] != [")"]:
                raise ValueError(f"a bracket is not closed in condition {text!r}")
            return part, rest[1:]
        case ["always", *rest]:
            return Condition("always"), rest
        case [name, "==", value, *rest] if value.startswith("'"):
            return Condition("name", name=f"{name}={value[1:-1]}"), rest
        case [name, "in", "(", *rest] if ")" in rest:
            end = rest.index(")")
            values = [token[1:-1] for token in rest[:end] if token.startswith("'")]
            return Condition("or", tuple(Condition("name", name=f"{name}={value}") for value in values)), rest[
                end + 1 :
            ]
        case [name, *rest] if name[0].isalpha() and name not in ("and", "or", "in"):
            return Condition("name", name=name), rest
        case _:
            raise ValueError(f"something is missing in condition {text!r}")
