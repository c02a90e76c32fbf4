-- name: rows_without_own_leaf
-- Everything that has a leaf, by the id of the leaf: rows without one, and ids of several rows, though a leaf
-- belongs to one row. There should be none.
WITH logged (id) AS (
    SELECT id FROM batches
    UNION ALL SELECT id FROM visits
    UNION ALL SELECT id FROM changes
    UNION ALL SELECT id FROM given_up_files
    UNION ALL SELECT id FROM departures
    UNION ALL SELECT id FROM events
    UNION ALL SELECT id FROM reviews
    UNION ALL SELECT id FROM photo_copies
    UNION ALL SELECT id FROM erasures
    UNION ALL SELECT id FROM legal_holds
    UNION ALL SELECT id FROM account_holds
    UNION ALL SELECT leaf FROM checklists WHERE leaf IS NOT NULL
    UNION ALL SELECT id FROM access_log WHERE salt IS NOT NULL
    UNION ALL SELECT id FROM messages WHERE salt IS NOT NULL
    UNION ALL SELECT id FROM links WHERE salt IS NOT NULL
    UNION ALL SELECT id FROM quarantine WHERE salt IS NOT NULL
    UNION ALL SELECT decision_id FROM quarantine WHERE decision_id IS NOT NULL
    UNION ALL SELECT id FROM deliveries WHERE id IS NOT NULL
    UNION ALL SELECT id FROM delivery_reports WHERE id IS NOT NULL
    UNION ALL SELECT id FROM door_confirmations WHERE id IS NOT NULL
    UNION ALL SELECT id FROM received_files WHERE id IS NOT NULL
    UNION ALL SELECT id FROM sightings WHERE id IS NOT NULL
)
SELECT id, CASE WHEN count(*) = 1 THEN 'no leaf in the log' ELSE 'two things have this id, and one leaf cannot be of both' END
FROM logged GROUP BY id
HAVING count(*) > 1 OR NOT EXISTS (SELECT 1 FROM log_leaves WHERE log_leaves.id = logged.id)
LIMIT :size;

-- name: next_leaf^
SELECT min(number) FROM log_leaves WHERE number >= :first;

-- name: checklist_names
SELECT id, version FROM checklists ORDER BY id, version;

-- name: checklist_bytes^
SELECT sha256, body FROM checklists WHERE id = :id AND version = :version;

-- name: quarantine_malformed^
SELECT count(*) FROM quarantine WHERE NOT id >= :least;

-- name: quarantine_keys
SELECT id FROM quarantine WHERE id >= :first ORDER BY id LIMIT :size;

-- name: quarantine_bytes^
SELECT sha256, body FROM quarantine WHERE id = :id;

-- name: events_malformed^
SELECT count(*) FROM events WHERE NOT id >= :least;

-- name: events_keys
SELECT id FROM events WHERE id >= :first ORDER BY id LIMIT :size;

-- name: blobs_malformed^
SELECT count(*) FROM blobs WHERE NOT sha256 >= :least;

-- name: blobs_keys
SELECT sha256 FROM blobs WHERE sha256 >= :first ORDER BY sha256 LIMIT :size;

-- name: photo_copies_malformed^
SELECT count(*) FROM photo_copies WHERE NOT id >= :least;

-- name: photo_copies_keys
SELECT id FROM photo_copies WHERE id >= :first ORDER BY id LIMIT :size;

-- name: copied_photo^
SELECT file, edition FROM photo_copies WHERE id = :id;

-- name: copy_known^
SELECT 1 FROM photo_copies WHERE file = :file AND edition = :edition AND sha256 = :sha256;

-- name: visits_malformed^
SELECT count(*) FROM visits WHERE NOT id >= :least;

-- name: visits_keys
SELECT id FROM visits WHERE id >= :first ORDER BY id LIMIT :size;

-- name: sent_without_blob
-- An acknowledged file has a row in blobs: otherwise nobody would notice that its bytes are missing.
SELECT DISTINCT sha256 FROM received_files
WHERE sent_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.sha256 = received_files.sha256)
LIMIT :size;

-- name: blobs_without_sender
-- Both rows are written together.
SELECT sha256 FROM blobs
WHERE NOT EXISTS (SELECT 1 FROM received_files WHERE received_files.sha256 = blobs.sha256 AND received_files.sent_at IS NOT NULL)
LIMIT :size;

-- name: references_without_file
-- Both rows are written together.
SELECT DISTINCT sha256 FROM file_references
WHERE NOT EXISTS (SELECT 1 FROM received_files WHERE received_files.sha256 = file_references.sha256 AND received_files.sender = file_references.sender)
LIMIT :size;

-- name: event_with_number^
-- An event and the number of its leaf.
SELECT e.kind, e.at, e.body, l.number FROM events e LEFT JOIN log_leaves l ON l.id = e.id WHERE e.id = :id;

-- name: person_facts^
SELECT roles, areas, badge, title, photo, left_at FROM people WHERE login = :login;

-- name: device_facts^
SELECT login, public_key, revoked_at FROM devices WHERE id = :id;

-- name: recorded_events_of
SELECT kind, at, body, salt FROM events WHERE person = :login ORDER BY at, id;

-- name: people_after
SELECT login FROM people WHERE created_at > :since ORDER BY login;

-- name: devices_after
SELECT id, login FROM devices WHERE created_at > :since ORDER BY id;

-- name: visit_plan_columns^
-- Columns that repeat parts of the plan.
SELECT v.technician, v.crew, v.planned_at, b.follows FROM visits v JOIN visit_summaries b ON b.visit = v.id WHERE v.id = :id;

-- name: acts_called
SELECT body FROM events WHERE what = :what ORDER BY at, id;

-- name: file_references_of
SELECT sha256, sender FROM file_references WHERE visit = :visit;

-- name: search_texts_of^
SELECT area, text FROM search_texts WHERE visit = :visit;

-- name: visit_has_token^
SELECT 1 FROM search_tokens WHERE token = :token AND visit = :visit;

-- name: links_with_ends
-- As they were handed out. Of those of one millisecond the last is the one that lives longest.
SELECT id, created_at, handed_out_at, ended_at, expires_at, purpose FROM links
WHERE visit = :visit ORDER BY handed_out_at, ended_at IS NULL, ended_at, created_at, id;

-- name: passed_codes_of
SELECT o.link, o.browser_id, o.passed_at, o.passed_from, o.passed_event, o.passed_message
FROM link_otps o JOIN links l ON l.id = o.link WHERE l.visit = :visit AND o.passed_event IS NOT NULL;

-- name: duties_of_visit
SELECT duty, item, owner, technician, due_at, closed_at, dropped_by, dropped_reason FROM duties WHERE visit = :visit;

-- name: sightings_without_leaf
-- Since the coverage began, each has one.
SELECT place FROM sightings WHERE id IS NULL AND at > :since LIMIT :size;

-- name: messages_unproven
-- Delivered, although no attempt and no report says so, and it was not a call.
SELECT id FROM messages
WHERE salt IS NOT NULL AND channel <> 'phone' AND state IN ('taken', 'delivered', 'refused', 'failed')
AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = messages.id AND (d.outcome = messages.state))
AND NOT EXISTS (SELECT 1 FROM delivery_reports r WHERE r.message = messages.id AND r.state = messages.state)
LIMIT :size;

-- name: messages_contradicted
-- An attempt or a report says that it was delivered, and its row does not.
SELECT id FROM messages
WHERE salt IS NOT NULL AND channel <> 'phone' AND state <> 'delivered' AND (
    EXISTS (SELECT 1 FROM deliveries d WHERE d.message = messages.id AND d.outcome = 'delivered')
    OR EXISTS (SELECT 1 FROM delivery_reports r WHERE r.message = messages.id AND r.state = 'delivered'))
LIMIT :size;

-- name: miscounted_departures
SELECT visit FROM visit_summaries
WHERE departures <> (SELECT count(*) FROM departures WHERE departures.visit = visit_summaries.visit) LIMIT :size;

-- name: summaries_without_visit
SELECT visit FROM visit_summaries WHERE NOT EXISTS (SELECT 1 FROM visits WHERE visits.id = visit_summaries.visit) LIMIT :size;

-- name: sync_feed_page
SELECT f.login, f.visit, f.is_assigned, b.technician, b.crew FROM sync_feed f LEFT JOIN visit_summaries b ON b.visit = f.visit
WHERE (f.login, f.visit) > (:login, :after) ORDER BY f.login, f.visit LIMIT :size;

-- name: rows_of_kinds
-- The number of rows by kind.
SELECT CASE kind WHEN 'record' THEN 'records' WHEN 'office' THEN 'office_batches' WHEN 'link' THEN 'link_answers'
    WHEN 'scan' THEN 'scans' ELSE 'other_batches' END, count(*) FROM batches GROUP BY 1
UNION ALL SELECT 'visits', count(*) FROM visits
UNION ALL SELECT 'changes', count(*) FROM changes
UNION ALL SELECT 'departures', count(*) FROM departures
UNION ALL SELECT 'checklists', count(*) FROM checklists
UNION ALL SELECT 'events', count(*) FROM events
UNION ALL SELECT 'people', count(*) FROM people
UNION ALL SELECT 'devices', count(*) FROM devices
UNION ALL SELECT 'files', count(*) FROM blobs
UNION ALL SELECT 'lost_files', count(*) FROM given_up_files
UNION ALL SELECT 'quarantine', count(*) FROM quarantine
UNION ALL SELECT 'erasures', count(*) FROM erasures
UNION ALL SELECT 'erased_rows', count(*) FROM erased_rows
UNION ALL SELECT 'holds', count(*) FROM legal_holds
UNION ALL SELECT 'account_holds', count(*) FROM account_holds
UNION ALL SELECT 'looks', count(*) FROM access_log
UNION ALL SELECT 'messages', count(*) FROM messages
UNION ALL SELECT 'links', count(*) FROM links
UNION ALL SELECT 'board', count(*) FROM visit_summaries
UNION ALL SELECT 'agenda', count(*) FROM sync_feed
UNION ALL SELECT 'leaves_numbered', count(*) FROM log_leaves WHERE number IS NOT NULL
UNION ALL SELECT 'leaves_waiting', count(*) FROM log_leaves WHERE number IS NULL;

-- name: leaves_malformed^
SELECT count(*) FROM log_leaves WHERE number IS NULL AND NOT id >= :least;

-- name: leaves_keys
SELECT id FROM log_leaves WHERE number IS NULL AND id >= :first ORDER BY id LIMIT :size;

-- name: unnumbered_since^
-- The times of the oldest leaf without a number and of the newest leaf, and the last number assigned.
SELECT (SELECT min(at) FROM log_leaves WHERE number IS NULL), (SELECT max(at) FROM log_leaves),
    (SELECT max(number) FROM log_leaves WHERE number IS NOT NULL);

-- name: erasures_malformed^
SELECT count(*) FROM erasures WHERE NOT id >= :least;

-- name: erasures_keys
SELECT id FROM erasures WHERE id >= :first ORDER BY id LIMIT :size;

-- name: erasures_from
SELECT id, body FROM erasures WHERE id >= :first ORDER BY id LIMIT :size;

-- name: erased_without_erasure
SELECT id FROM erased_rows WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.id = erased_rows.erasure)
UNION ALL
SELECT id FROM reduced_records WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.id = reduced_records.erasure)
LIMIT :size;

-- name: erased_visits_there
SELECT visit FROM erased_visits WHERE EXISTS (SELECT 1 FROM visits WHERE visits.id = erased_visits.visit) LIMIT :size;

-- name: erased_visits_unnamed
SELECT visit FROM erased_visits WHERE NOT EXISTS (
    SELECT 1 FROM erased_rows WHERE erased_rows.id = erased_visits.visit AND erased_rows.erasure = erased_visits.erasure
) LIMIT :size;

-- name: rows_of_erasure
SELECT id, kind FROM erased_rows WHERE erasure = :erasure;

-- name: reduced_of_erasure
SELECT id, sha256 FROM reduced_records WHERE erasure = :erasure;

-- name: kept_of_erasure
SELECT type, area, day, checklist, checklist_version, state, verdict FROM erased_visits WHERE erasure = :erasure;

-- name: erased_person^
-- 1 if their row is still as the erasure left it.
SELECT CASE WHEN left_at IS NOT NULL AND name = :name AND badge = '' AND title = '' AND photo IS NULL AND password_hash IS NULL
    AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.login = people.login AND d.revoked_at IS NULL) THEN 1 ELSE 0 END
FROM people WHERE login = :login;
