-- Erasing a visit and the check of this reference would read all agendas.
CREATE INDEX sync_feed_visit ON sync_feed (visit);

-- The nightly deletion finds the looks that are due without reading all others.
CREATE INDEX access_log_at ON access_log (at, id);

-- Statistics of erased visits are counted month by month, from the index alone.
DROP INDEX erased_visits_day;
CREATE INDEX erased_visits_day ON erased_visits (day, type, verdict);

-- Customers whom a visit named before its details were changed are found by tokens: these visits are indexed again at the
-- next start.
UPDATE visit_summaries SET state = '' WHERE visit IN (SELECT visit FROM changes WHERE kind = 'details');

-- The nightly deletion walks along it, and stops where nothing is due yet.
DROP INDEX visit_summaries_ended;
CREATE INDEX visit_summaries_ended ON visit_summaries (ends_at, visit)
WHERE CASE WHEN state IN ('closed', 'cancelled') THEN 1 ELSE 0 END = 1;
