"""When what a finding is about came to the service, and by when it has to be settled."""

from datetime import datetime, timedelta
from functools import cached_property

from service.judge.entries import Entry
from service.judge.findings import Finding, Judgement
from service.judge.moments import from_ms
from service.judge.timeline import withdrawn_ids

from .loading import LoadedVisit

SETTLED_WITHIN = timedelta(days=3)
"""How long what has no due date of its own may wait: a duty, and a reason before it is urgent."""


class FindingTimes:
    """The times of a visit's findings. `slips` are the ids of the entries that were taken back."""

    def __init__(self, visit: LoadedVisit, judgement: Judgement) -> None:
        self._visit, self._judgement = visit, judgement
        self.slips = withdrawn_ids(visit.merged.entries)

    def since(self, finding: Finding) -> datetime:
        """Since when it is so, by the time of receipt: nobody could know before."""
        if not finding.entries:
            return self.finished_at
        entries = self._visit.merged.entries
        if finding.kind == "changed_after_signature" and len(finding.entries) == 1:
            return self._last_change(finding, entries)
        return max((one.came_at for one in entries if one.id in finding.entries), default=None) or self.finished_at

    def due(self, finding: Finding) -> datetime | None:
        """Until when its duty may stay open."""
        due = self._judgement.due.get(finding.code) if self._judgement.due else None
        return None if due is None else from_ms(due // 1000, self._visit.now.tzinfo)

    @cached_property
    def finished_at(self) -> datetime:
        """When the technician's word that they left came, else when the last entry came."""
        entries = self._visit.merged.entries
        left = [one.came_at for one in entries if one.what == "left" and one.id not in self.slips]
        return min(left, default=None) or self.last_came

    @property
    def last_came(self) -> datetime:
        """When the last entry came; now, if there is none."""
        return max((one.came_at for one in self._visit.merged.entries), default=self._visit.now)

    def _last_change(self, finding: Finding, entries: list[Entry]) -> datetime:
        """When what the signature covers was written or taken back last: it is dated back, so no act is later."""
        covers = self._visit.rules.by_id[finding.item].item.covers
        covered = {one.id for one in entries if one.what in covers}
        return max(
            one.came_at for one in entries if one.id in covered or one.withdraws in covered or one.id in finding.entries
        )
