-- Visits with words of the customer that nobody has read.
CREATE INDEX visit_summaries_comments ON visit_summaries (planned_at, visit) WHERE flags LIKE '%comment%';
UPDATE visit_summaries SET state = '' WHERE flags LIKE '%answered%';  -- the status is computed again at the next start
