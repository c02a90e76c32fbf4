-- name: add_summary!
-- Of a visit that was just planned.
INSERT INTO visit_summaries (visit, type, technician, crew, area, planned_at, ends_at, state, flags, verdict, valid_until,
    revision, follows, plan, news)
VALUES (:id, :type, :technician, :crew, :area, :planned_at, :ends_at, 'planned', :flags, '', :valid_until, 0, :follows,
    :body, 1)
ON CONFLICT DO NOTHING;

-- name: update_summary_plan!
UPDATE visit_summaries SET technician = :technician, crew = :crew, planned_at = :planned_at, ends_at = :ends_at,
    revision = :revision, plan = :plan
WHERE visit = :visit;

-- name: set_summary_end!
UPDATE visit_summaries SET ends_at = :ends_at WHERE visit = :visit;

-- name: update_summary_status!
UPDATE visit_summaries SET state = :state, flags = :flags, verdict = :verdict, valid_until = :valid_until,
    reasons = :reasons, urgent_at = :urgent_at, since = :since, assignee = :assignee, news = news + 1
WHERE visit = :visit;

-- name: notice_states
-- Of the messages of a visit, the oldest first.
SELECT about, state, created_at FROM messages
WHERE visit = :visit AND about <> 'code' AND withdrawn_at IS NULL ORDER BY created_at, id;

-- name: set_summary_flags!
UPDATE visit_summaries SET flags = :flags WHERE visit = :visit;

-- name: active_visits_of
SELECT visit FROM sync_feed WHERE login = :login AND active = 1 ORDER BY visit;

-- name: summary^
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, valid_until, revision, plan, reasons,
    urgent_at, since, assignee, ends_at
FROM visit_summaries WHERE visit = :visit;

-- name: stale_summaries
-- Visits whose status was never computed.
SELECT visit FROM visit_summaries WHERE state = '' ORDER BY planned_at, visit LIMIT :size;

-- name: follow_up_visits
SELECT visit FROM visit_summaries WHERE follows = :visit ORDER BY planned_at, visit;

-- name: summaries_of_all
-- A page after (:after_at, :after_id).
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, valid_until, revision, plan, reasons,
    urgent_at, since, assignee, ends_at
FROM visit_summaries
WHERE (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at AND ends_at > :ends_after
    AND (:type = '' OR type = :type)
ORDER BY planned_at, visit LIMIT :size;

-- name: summaries_of_area
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, valid_until, revision, plan, reasons,
    urgent_at, since, assignee, ends_at
FROM visit_summaries
WHERE area = :area
    AND (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at AND ends_at > :ends_after
    AND (:type = '' OR type = :type)
ORDER BY planned_at, visit LIMIT :size;

-- name: summaries_of_state
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, valid_until, revision, plan, reasons,
    urgent_at, since, assignee, ends_at
FROM visit_summaries
WHERE state = :state AND (:every_area = 1 OR area = :area)
    AND (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at AND ends_at > :ends_after
    AND (:type = '' OR type = :type)
ORDER BY planned_at, visit LIMIT :size;

-- name: summaries_of_flag
-- Few visits have flags: these have an index of their own.
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, valid_until, revision, plan, reasons,
    urgent_at, since, assignee, ends_at
FROM visit_summaries
WHERE flags <> '' AND ' ' || flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %'
    AND (:state = '' OR state = :state) AND (:every_area = 1 OR area = :area)
    AND (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at AND ends_at > :ends_after
    AND (:type = '' OR type = :type)
ORDER BY planned_at, visit LIMIT :size;

-- name: count_type_and_state^
-- How many visits are of a type, and how many in a state (:most without a state), counted up to :most.
SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM visit_summaries WHERE type = :type LIMIT :most) AS few),
    CASE WHEN :state = '' THEN :most
    ELSE (SELECT count(*) FROM (SELECT 1 AS one FROM visit_summaries WHERE state = :state LIMIT :most) AS few) END;

-- name: any_of_type^
SELECT visit FROM visit_summaries WHERE type = :type LIMIT 1;

-- name: summaries_of_type
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, valid_until, revision, plan, reasons,
    urgent_at, since, assignee, ends_at
FROM visit_summaries
WHERE type = :type AND (:every_area = 1 OR area = :area) AND (:state = '' OR state = :state)
    AND (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at AND ends_at > :ends_after
ORDER BY planned_at, visit LIMIT :size;

-- name: summaries_of_person
SELECT b.visit, b.type, b.technician, b.crew, b.area, b.planned_at, b.state, b.flags, b.verdict, b.valid_until, b.revision,
    b.plan, b.reasons, b.urgent_at, b.since, b.assignee, b.ends_at
FROM sync_feed f JOIN visit_summaries b ON b.visit = f.visit
WHERE f.login = :login AND f.is_assigned = 1
    AND (f.planned_at, f.visit) > (:after_at, :after_id) AND f.planned_at < :to_at AND b.ends_at > :ends_after
    AND (:type = '' OR b.type = :type) AND (:state = '' OR b.state = :state) AND (:every_area = 1 OR b.area = :area)
    AND (CAST(:flag AS TEXT) = '' OR ' ' || b.flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
ORDER BY f.planned_at, f.visit LIMIT :size;
