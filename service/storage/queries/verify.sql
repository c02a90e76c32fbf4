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
LIMIT 100;

-- name: next_leaf^
SELECT min(number) FROM leaves WHERE number >= :first;

-- name: checklist_names
SELECT id, version FROM checklists ORDER BY id, version;

-- name: checklist_bytes^
SELECT sha256, body FROM checklists WHERE id = :id AND version = :version;

-- name: quarantine_strange^
SELECT count(*) FROM quarantine WHERE NOT id >= :least;

-- name: quarantine_keys
SELECT id FROM quarantine WHERE id > :after ORDER BY id LIMIT :size;

-- name: quarantine_bytes^
SELECT sha256, body FROM quarantine WHERE id = :id;

-- name: events_strange^
SELECT count(*) FROM events WHERE NOT id >= :least;

-- name: events_keys
SELECT id FROM events WHERE id > :after ORDER BY id LIMIT :size;

-- name: stored_strange^
SELECT count(*) FROM stored WHERE NOT sha256 >= :least;

-- name: stored_keys
SELECT sha256 FROM stored WHERE sha256 > :after ORDER BY sha256 LIMIT :size;

-- name: sent_without_row
SELECT DISTINCT sha256 FROM files
WHERE sent_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM stored WHERE stored.sha256 = files.sha256)
LIMIT 100;

-- name: person_kept^
SELECT roles, areas, badge, title, photo, left_at FROM people WHERE login = :login;
