-- name: rows_of_visit
-- The rows of a visit that have an id of their own, by table; `links` also by the digest of the link.
SELECT 'visits' AS place, id FROM visits WHERE id = :visit
UNION ALL SELECT 'batches', id FROM batches WHERE visit = :visit
UNION ALL SELECT 'changes', id FROM changes WHERE visit = :visit
UNION ALL SELECT 'reviews', id FROM reviews WHERE visit = :visit
UNION ALL SELECT 'departures', id FROM departures WHERE visit = :visit
UNION ALL SELECT 'given_up_files', id FROM given_up_files WHERE visit = :visit
UNION ALL SELECT 'messages', id FROM messages WHERE visit = :visit
UNION ALL SELECT 'links', id FROM links WHERE visit = :visit
UNION ALL SELECT 'link digests', digest FROM links WHERE visit = :visit
UNION ALL SELECT 'deliveries', d.id FROM deliveries d JOIN messages m ON m.id = d.message
    WHERE m.visit = :visit AND d.id IS NOT NULL
UNION ALL SELECT 'delivery_reports', d.id FROM delivery_reports d JOIN messages m ON m.id = d.message
    WHERE m.visit = :visit AND d.id IS NOT NULL
UNION ALL SELECT 'door_confirmations', id FROM door_confirmations WHERE visit = :visit AND id IS NOT NULL
UNION ALL SELECT 'access_log', id FROM access_log WHERE what = :look
UNION ALL SELECT 'legal_holds', id FROM legal_holds WHERE visit = :visit;

-- name: counts_of_visit
-- How many other rows of a visit there are, by table.
SELECT 'deliveries' AS place, count(*) FROM deliveries d JOIN messages m ON m.id = d.message
    WHERE m.visit = :visit AND d.id IS NULL
UNION ALL SELECT 'delivery_reports', count(*) FROM delivery_reports d JOIN messages m ON m.id = d.message
    WHERE m.visit = :visit AND d.id IS NULL
UNION ALL SELECT 'link_otps', count(*) FROM link_otps o JOIN links l ON l.id = o.link WHERE l.visit = :visit
UNION ALL SELECT 'door_confirmations', count(*) FROM door_confirmations WHERE visit = :visit AND id IS NULL
UNION ALL SELECT 'webhook_events', count(*) FROM webhook_events WHERE visit = :visit
UNION ALL SELECT 'duties', count(*) FROM duties WHERE visit = :visit
UNION ALL SELECT 'search_texts', count(*) FROM search_texts WHERE visit = :visit
UNION ALL SELECT 'visit_summaries', count(*) FROM visit_summaries WHERE visit = :visit
UNION ALL SELECT 'sync_feed', count(*) FROM sync_feed WHERE visit = :visit
UNION ALL SELECT 'file_references', count(*) FROM file_references WHERE visit = :visit
UNION ALL SELECT 'duty_mails', count(*) FROM duty_mails WHERE text LIKE :mention;

-- name: files_of_visit_alone
-- The files that a visit names, and whether anything else names them: another visit, or an ID card.
SELECT DISTINCT n.sha256,
    CASE WHEN EXISTS (SELECT 1 FROM file_references o WHERE o.sha256 = n.sha256 AND o.visit <> n.visit)
        OR EXISTS (SELECT 1 FROM people p WHERE p.photo = n.sha256) THEN 1 ELSE 0 END,
    CASE WHEN EXISTS (SELECT 1 FROM blobs b WHERE b.sha256 = n.sha256) THEN 1 ELSE 0 END
FROM file_references n WHERE n.visit = :visit;

-- name: rows_of_file
-- The rows of a file that have a leaf of their own, by table.
SELECT 'received_files' AS place, id FROM received_files WHERE sha256 = :file AND id IS NOT NULL
UNION ALL SELECT 'photo_copies', id FROM photo_copies WHERE file = :file;

-- name: decision_of_input^
SELECT decision_id FROM quarantine WHERE id = :id AND decision_id IS NOT NULL;

-- name: erase_copies_of_photo!
DELETE FROM photo_copies WHERE file = :sha256;

-- name: quarantined_by_path
SELECT id FROM quarantine WHERE path_id = :path_id;

-- name: looks_at_input
SELECT id FROM access_log WHERE what = :what;

-- name: people_of_feed
SELECT login, active FROM sync_feed WHERE visit = :visit ORDER BY login;

-- name: add_erased_visit!
INSERT INTO erased_visits (visit, erasure, type, area, day, checklist, checklist_version, state, verdict)
VALUES (:visit, :erasure, :type, :area, :day, :checklist, :checklist_version, :state, :verdict);

-- name: leaf_kind^
SELECT leaf FROM log_leaves WHERE id = :id;

-- name: erase_deliveries!
DELETE FROM deliveries WHERE message IN (SELECT id FROM messages WHERE visit = :visit);

-- name: erase_delivery_reports!
DELETE FROM delivery_reports WHERE message IN (SELECT id FROM messages WHERE visit = :visit);

-- name: erase_messages!
DELETE FROM messages WHERE visit = :visit;

-- name: erase_link_attempts!
DELETE FROM attempts WHERE key LIKE :key;

-- name: erase_link_otps!
DELETE FROM link_otps WHERE link IN (SELECT id FROM links WHERE visit = :visit);

-- name: erase_links!
DELETE FROM links WHERE visit = :visit;

-- name: erase_door_confirmations!
DELETE FROM door_confirmations WHERE visit = :visit;

-- name: erase_given_up_files!
DELETE FROM given_up_files WHERE visit = :visit;

-- name: erase_departures!
DELETE FROM departures WHERE visit = :visit;

-- name: erase_reviews!
DELETE FROM reviews WHERE visit = :visit;

-- name: erase_duties!
DELETE FROM duties WHERE visit = :visit;

-- name: erase_search_texts!
DELETE FROM search_texts WHERE visit = :visit;

-- name: erase_search_tokens!
-- Without an index: only for a visit whose tokens are not known.
DELETE FROM search_tokens WHERE visit = :visit;

-- name: erase_file_references!
DELETE FROM file_references WHERE visit = :visit;

-- name: erase_received_file!
DELETE FROM received_files WHERE sha256 = :sha256;

-- name: erase_blob!
DELETE FROM blobs WHERE sha256 = :sha256;

-- name: erase_input!
DELETE FROM quarantine WHERE id = :id;

-- name: erase_access!
DELETE FROM access_log WHERE id = :id;

-- name: erase_hold_ends!
DELETE FROM legal_holds WHERE visit = :visit AND ends IS NOT NULL;

-- name: erase_holds!
DELETE FROM legal_holds WHERE visit = :visit;

-- name: erase_duty_mails!
-- The row of the day stays, so that no second mail is written.
UPDATE duty_mails SET text = '', next_at = NULL WHERE text LIKE :mention;

-- name: erase_sync_feed!
DELETE FROM sync_feed WHERE visit = :visit;

-- name: erase_changes!
DELETE FROM changes WHERE visit = :visit;

-- name: erase_batches!
DELETE FROM batches WHERE visit = :visit;

-- name: erase_summary!
DELETE FROM visit_summaries WHERE visit = :visit;

-- name: erase_visit!
DELETE FROM visits WHERE id = :visit;

-- name: file_left_over!
-- The sweeper deletes it, now or after a crash.
INSERT INTO pending_blobs (sha256, at, leaving) VALUES (:sha256, 0, 0)
ON CONFLICT (sha256) DO UPDATE SET at = 0, leaving = 0;
