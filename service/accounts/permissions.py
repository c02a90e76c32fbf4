"""People, their roles, and the permissions of each role.

A person may have several roles. A technician has one area (片区), others may have several. Ownership is checked too:
a technician may touch only their own visits, dispatchers and supervisors those of their areas.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from service.errors import PermissionDenied

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
    "see webhooks",
    "see events",
    "hold visits",
    "see what is kept",
    "export customers",
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
    "see webhooks": frozenset({"admin"}),
    "see events": frozenset({"supervisor", "admin"}),
    "hold visits": frozenset({"supervisor"}),
    "see what is kept": frozenset({"supervisor", "admin"}),
    "export customers": frozenset({"supervisor"}),
}

SECOND_FACTOR: frozenset[Role] = frozenset({"supervisor", "admin"})
"""Roles that need a second factor to sign in."""


class Person(msgspec.Struct, frozen=True):
    """A person of the utility, identified by a login that is never reused."""

    login: Annotated[str, Meta(description="The login, which is never used again.")]
    name: Annotated[str, Meta(description="The name, as on the ID card.")]
    roles: Annotated[tuple[Role, ...], Meta(description="All roles.")]
    areas: Annotated[tuple[str, ...], Meta(description="Areas (片区); none means the whole utility.")]

    def can(self, permission: Permission) -> bool:
        """Whether one of the person's roles has the permission."""
        return not ROLE_PERMISSIONS[permission].isdisjoint(self.roles)

    def permissions(self) -> tuple[Permission, ...]:
        """All permissions of the person's roles."""
        return tuple(permission for permission in ROLE_PERMISSIONS if self.can(permission))


def is_assigned_to(person: Person, technician: str, crew: tuple[str, ...]) -> bool:
    """Whether the visit is the person's own, as its technician or in its crew."""
    return "technician" in person.roles and (person.login == technician or person.login in crew)


def can_view_visit(person: Person, technician: str, crew: tuple[str, ...], area: str) -> bool:
    """Whether the person may see a visit: their own, or one in their areas."""
    return is_assigned_to(person, technician, crew) or (
        person.can("see visits of an area") and covers_area(person, area)
    )


def covers_area(person: Person, area: str) -> bool:
    """Whether the area is one of the person's; a person without areas works for the whole utility."""
    return not person.areas or area in person.areas


def areas_to_list(person: Person, wanted: str | None) -> tuple[str | None, ...]:
    """The areas of which a list reads one after the other: the wanted one, or the person's; (None,) means all.
    PermissionDenied for a wanted one that is not theirs."""
    if wanted is None:
        return person.areas or (None,)
    require_area(person, wanted)
    return (wanted,)


def require_area(person: Person, area: str) -> None:
    """PermissionDenied unless the area is one of the person's."""
    if not covers_area(person, area):
        raise PermissionDenied("the area is not one of yours")


def supervises(person: Person, permission: Permission, other: Person) -> bool:
    """Whether the person has a permission over another: one who shares an area with them; for an admin, anybody."""
    everywhere = "admin" in person.roles and "admin" in ROLE_PERMISSIONS[permission]
    return person.can(permission) and (everywhere or not person.areas or not set(person.areas).isdisjoint(other.areas))
