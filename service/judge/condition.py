"""Conditions of items: `and or not`, `in`, `==`, `always`, and names of facts.

A condition is parsed into a tree and compiled into a predicate over the set of true names; nothing is evaluated as
code. `visit_type == 'x'` is true when the set contains `visit_type=x`.

    condition := conjunction ("or" conjunction)*        conjunction := term ("and" term)*
    term      := "not" term | "(" condition ")" | "always" | NAME [ "==" TEXT | "in" "(" TEXT,… ")" ]
"""

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Literal

import msgspec

Predicate = Callable[[AbstractSet[str]], bool]
_TOKEN = re.compile(r"\s*(?:(?P<word>[a-z_][a-z0-9_]*)|(?P<text>'[^']*')|(?P<sign>==|[(),]))")


class Condition(msgspec.Struct, frozen=True):
    """A node: `op` applied to `parts`, or a `name` that has to be true."""

    op: Literal["and", "or", "not", "name", "always"]
    parts: tuple["Condition", ...] = ()
    name: str = ""

    def names(self) -> Iterator[str]:
        """The names that it tests."""
        if self.op == "name":
            yield self.name
        for part in self.parts:
            yield from part.names()

    def compiled(self) -> Predicate:
        """Compile to a predicate over the set of true names."""
        if self.op == "always":
            return lambda _: True
        if self.op == "name":
            name = self.name
            return lambda true: name in true
        tests = tuple(part.compiled() for part in self.parts)
        if self.op == "not":
            operand = tests[0]
            return lambda true: not operand(true)
        if len(tests) == 2:
            left, right = tests
            if self.op == "and":
                return lambda true: left(true) and right(true)
            return lambda true: left(true) or right(true)
        if self.op == "and":
            return lambda true: all(test(true) for test in tests)
        return lambda true: any(test(true) for test in tests)


def parse(text: str) -> Condition:
    """Parse a condition; ValueError says where it is invalid."""
    tokens = list(_tokens(text))
    condition, rest = _parse_or(tokens, text)
    if rest:
        raise ValueError(f"cannot read {rest[0]!r} in condition {text!r}")
    return condition


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot read {text[position:].strip()!r} in condition {text!r}")
        position = match.end()
        yield match.group().strip()


def _parse_or(tokens: list[str], text: str) -> tuple[Condition, list[str]]:
    return _parse_chain(tokens, "or", lambda rest: _parse_chain(rest, "and", lambda rest: _parse_term(rest, text)))


def _parse_chain(
    tokens: list[str], op: Literal["and", "or"], parse_operand: Callable[[list[str]], tuple[Condition, list[str]]]
) -> tuple[Condition, list[str]]:
    part, rest = parse_operand(tokens)
    parts = [part]
    while rest[:1] == [op]:
        part, rest = parse_operand(rest[1:])
        parts.append(part)
    return (parts[0] if len(parts) == 1 else Condition(op, tuple(parts))), rest


def _parse_term(tokens: list[str], text: str) -> tuple[Condition, list[str]]:
    match tokens:
        case ["not", *rest]:
            part, rest = _parse_term(rest, text)
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
