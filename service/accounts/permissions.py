"""People, their roles, and the one table of who may do what.

Roles are a set. A technician has one area (片区), others may have several. Ownership comes on top
of the table: a technician touches only his own visits, dispatchers and supervisors those of their areas.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Role = Literal["technician", "dispatcher", "supervisor", "admin"]
Permission = Literal[
    "plan a visit",
    "change a visit",
    "see visits of an area",
    "see own visits",
    "submit a record",
    "write entries of the office",
    "see quarantine",
    "decide quarantine",
    "see own records",
    "see people",
    "add people",
    "enrol a device",
    "see devices",
    "see own devices",
    "take in records",
    "attach evidence",
    "give evidence up",
    "review visits",
    "explain findings",
    "see duties",
]

ROLE_PERMISSIONS: dict[Permission, frozenset[Role]] = {
    "plan a visit": frozenset({"dispatcher"}),
    "change a visit": frozenset({"dispatcher", "supervisor"}),
    "see visits of an area": frozenset({"dispatcher", "supervisor"}),
    "see own visits": frozenset({"technician"}),
    "submit a record": frozenset({"technician"}),
    "write entries of the office": frozenset({"dispatcher", "supervisor"}),
    "see quarantine": frozenset({"supervisor", "admin"}),
    "decide quarantine": frozenset({"supervisor", "admin"}),
    "see own records": frozenset({"technician"}),
    "see people": frozenset({"dispatcher", "supervisor", "admin"}),
    "add people": frozenset({"admin"}),
    "enrol a device": frozenset({"supervisor", "admin"}),
    "see devices": frozenset({"supervisor", "admin"}),
    "see own devices": frozenset({"technician"}),
    "take in records": frozenset({"supervisor"}),
    "attach evidence": frozenset({"technician", "dispatcher", "supervisor"}),
    "give evidence up": frozenset({"supervisor"}),
    "review visits": frozenset({"supervisor"}),
    "explain findings": frozenset({"technician"}),
    "see duties": frozenset({"dispatcher", "supervisor"}),
}

SECOND_FACTOR: frozenset[Role] = frozenset({"supervisor", "admin"})
"""Who signs in with a second factor."""


class Person(msgspec.Struct, frozen=True):
    """Somebody of the utility, named by a login that is never used again."""

    login: Annotated[str, Meta(description="The login, which is never used again.")]
    name: Annotated[str, Meta(description="The name, as on the ID card.")]
    roles: Annotated[tuple[Role, ...], Meta(description="All roles.")]
    areas: Annotated[tuple[str, ...], Meta(description="Areas (片区); none means the whole utility.")]

    def can(self, right: Permission) -> bool:
        """Whether one of his roles has the right."""
        return not ROLE_PERMISSIONS[right].isdisjoint(self.roles)

    def permissions(self) -> tuple[Permission, ...]:
        """All that he may do."""
        return tuple(right for right in ROLE_PERMISSIONS if self.can(right))


def is_assigned_to(person: Person, technician: str, crew: tuple[str, ...]) -> bool:
    """Whether the visit is the person's own: as its technician or in its crew."""
    return "technician" in person.roles and (person.login == technician or person.login in crew)


def can_view_visit(person: Person, technician: str, crew: tuple[str, ...], area: str) -> bool:
    """Whether the person may see a visit: his own, or one of his areas."""
    return is_assigned_to(person, technician, crew) or (
        person.can("see visits of an area") and covers_area(person, area)
    )


def covers_area(person: Person, area: str) -> bool:
    """Whether the area is one of the person's; who has none named works for the whole utility."""
    return not person.areas or area in person.areas


def supervises(person: Person, right: Permission, other: Person) -> bool:
    """Whether the person has a right over somebody else: who works in one of his areas, for an admin everybody."""
    everywhere = "admin" in person.roles and "admin" in ROLE_PERMISSIONS[right]
    return person.can(right) and (everywhere or not person.areas or not set(person.areas).isdisjoint(other.areas))
