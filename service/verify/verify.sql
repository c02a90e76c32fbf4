-- name: without_leaf
-- What is kept and has no leaf; there should be none.
SELECT id FROM batches WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = batches.id)
UNION ALL
SELECT id FROM visits WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = visits.id)
UNION ALL
SELECT id FROM changes WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = changes.id)
UNION ALL
SELECT id FROM lost WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = lost.id)
UNION ALL
SELECT id FROM events WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = events.id)
UNION ALL
SELECT leaf FROM checklists WHERE leaf IS NOT NULL AND NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.id = checklists.leaf)
LIMIT :size;

-- name: next_leaf^
SELECT min(number) FROM leaves WHERE number >= :first;

-- name: checklist_names
SELECT id, version FROM checklists ORDER BY id, version;

-- name: checklist_bytes^
SELECT sha256, body FROM checklists WHERE id = :id AND version = :version;

-- name: two_of_one_id
-- A leaf is of one id, so it commits to one thing: two under one id cannot both be in the log.
SELECT id FROM visits WHERE EXISTS (SELECT 1 FROM batches WHERE batches.id = visits.id)
    OR EXISTS (SELECT 1 FROM changes WHERE changes.id = visits.id)
    OR EXISTS (SELECT 1 FROM lost WHERE lost.id = visits.id)
    OR EXISTS (SELECT 1 FROM events WHERE events.id = visits.id)
UNION
SELECT id FROM batches WHERE EXISTS (SELECT 1 FROM changes WHERE changes.id = batches.id)
    OR EXISTS (SELECT 1 FROM lost WHERE lost.id = batches.id)
    OR EXISTS (SELECT 1 FROM events WHERE events.id = batches.id)
UNION
SELECT id FROM changes WHERE EXISTS (SELECT 1 FROM lost WHERE lost.id = changes.id)
    OR EXISTS (SELECT 1 FROM events WHERE events.id = changes.id)
UNION
SELECT id FROM lost WHERE EXISTS (SELECT 1 FROM events WHERE events.id = lost.id)
UNION
SELECT leaf FROM checklists WHERE EXISTS (SELECT 1 FROM visits WHERE visits.id = checklists.leaf)
    OR EXISTS (SELECT 1 FROM batches WHERE batches.id = checklists.leaf)
    OR EXISTS (SELECT 1 FROM changes WHERE changes.id = checklists.leaf)
    OR EXISTS (SELECT 1 FROM lost WHERE lost.id = checklists.leaf)
    OR EXISTS (SELECT 1 FROM events WHERE events.id = checklists.leaf)
LIMIT :size;

-- name: quarantine_strange^
SELECT count(*) FROM quarantine WHERE NOT id >= :least;

-- name: quarantine_keys
SELECT id FROM quarantine WHERE id >= :first ORDER BY id LIMIT :size;

-- name: quarantine_bytes^
SELECT sha256, body FROM quarantine WHERE id = :id;

-- name: events_strange^
SELECT count(*) FROM events WHERE NOT id >= :least;

-- name: events_keys
SELECT id FROM events WHERE id >= :first ORDER BY id LIMIT :size;

-- name: stored_strange^
SELECT count(*) FROM stored WHERE NOT sha256 >= :least;

-- name: stored_keys
SELECT sha256 FROM stored WHERE sha256 >= :first ORDER BY sha256 LIMIT :size;

-- name: visits_strange^
SELECT count(*) FROM visits WHERE NOT id >= :least;

-- name: visits_keys
SELECT id FROM visits WHERE id >= :first ORDER BY id LIMIT :size;

-- name: sent_without_row
-- A file that was acknowledged has its row in the store, else nobody would miss its bytes.
SELECT DISTINCT sha256 FROM files
WHERE sent_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM stored WHERE stored.sha256 = files.sha256)
LIMIT :size;

-- name: stored_without_sender
-- Both rows are written together.
SELECT sha256 FROM stored
WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.sha256 = stored.sha256 AND files.sent_at IS NOT NULL)
LIMIT :size;

-- name: named_without_file
-- These too.
SELECT DISTINCT sha256 FROM named
WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.sha256 = named.sha256 AND files.sender = named.sender)
LIMIT :size;

-- name: event_told^
-- An event and which leaf of the log it is.
SELECT e.kind, e.at, e.body, l.number FROM events e LEFT JOIN leaves l ON l.id = e.id WHERE e.id = :id;

-- name: person_kept^
SELECT roles, areas, badge, title, photo, left_at FROM people WHERE login = :login;

-- name: people_after
SELECT login FROM people WHERE created_at > :since ORDER BY login;

-- name: devices_after
SELECT id FROM devices WHERE created_at > :since ORDER BY id;

-- name: visit_beside^
-- What the rows of a visit repeat of its plan, so that it is found.
SELECT v.technician, v.crew, v.planned_at, b.follows FROM visits v JOIN board b ON b.visit = v.id WHERE v.id = :id;

-- name: board_without_visit
SELECT visit FROM board WHERE NOT EXISTS (SELECT 1 FROM visits WHERE visits.id = board.visit) LIMIT :size;

-- name: agendas_page
SELECT f.login, f.visit, f.his, b.technician, b.crew FROM feed f LEFT JOIN board b ON b.visit = f.visit
WHERE (f.login, f.visit) > (:login, :after) ORDER BY f.login, f.visit LIMIT :size;

-- name: rows_of_kinds
-- How many rows of each kind there are.
SELECT CASE kind WHEN 'record' THEN 'records' WHEN 'office' THEN 'office_batches' WHEN 'link' THEN 'link_answers'
    WHEN 'scan' THEN 'scans' ELSE 'other_batches' END, count(*) FROM batches GROUP BY 1
UNION ALL SELECT 'visits', count(*) FROM visits
UNION ALL SELECT 'changes', count(*) FROM changes
UNION ALL SELECT 'checklists', count(*) FROM checklists
UNION ALL SELECT 'events', count(*) FROM events
UNION ALL SELECT 'people', count(*) FROM people
UNION ALL SELECT 'devices', count(*) FROM devices
UNION ALL SELECT 'files', count(*) FROM stored
UNION ALL SELECT 'lost_files', count(*) FROM lost
UNION ALL SELECT 'quarantine', count(*) FROM quarantine
UNION ALL SELECT 'looks', count(*) FROM accesses
UNION ALL SELECT 'board', count(*) FROM board
UNION ALL SELECT 'agenda', count(*) FROM feed
UNION ALL SELECT 'leaves_numbered', count(*) FROM leaves WHERE number IS NOT NULL
UNION ALL SELECT 'leaves_waiting', count(*) FROM leaves WHERE number IS NULL;

-- name: waiting_strange^
SELECT count(*) FROM leaves WHERE number IS NULL AND NOT id >= :least;

-- name: waiting_keys
SELECT id FROM leaves WHERE number IS NULL AND id >= :first ORDER BY id LIMIT :size;

-- name: waiting_since^
-- The oldest leaf that waits for a number, the newest there is, and the last number that was given.
SELECT (SELECT min(at) FROM leaves WHERE number IS NULL), (SELECT max(at) FROM leaves),
    (SELECT max(number) FROM leaves WHERE number IS NOT NULL);
