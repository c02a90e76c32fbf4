-- name: claim_retention!
-- Only one server gets it: for the others there is a row whose lease has not ended.
INSERT INTO retention_runs (day, lease, ended_at, positions_until, counts)
VALUES (:day, :lease, NULL, 0, :counts)
ON CONFLICT (day) DO UPDATE SET lease = excluded.lease
WHERE retention_runs.ended_at IS NULL AND (retention_runs.lease < :now OR retention_runs.lease > :late);

-- name: renew_retention!
UPDATE retention_runs SET lease = :lease WHERE day = :day AND ended_at IS NULL;

-- name: end_retention!
UPDATE retention_runs SET ended_at = :at, counts = :counts, positions_until = :positions_until WHERE day = :day;

-- name: retention_run^
SELECT day, ended_at, positions_until, counts FROM retention_runs WHERE day = :day;

-- name: last_retention_runs
SELECT day, ended_at, positions_until, counts FROM retention_runs WHERE ended_at IS NOT NULL ORDER BY day DESC LIMIT :size;

-- name: positions_reduced_until^
SELECT max(positions_until) FROM retention_runs;

-- name: due_visits
-- Visits that are closed or cancelled, and of which nothing is owed or held. What was written last decides. CASE has
-- SQLite, which has no statistics, walk along the index of the visits that ended, and look at the holds of each.
SELECT s.ends_at, s.visit FROM visit_summaries s
WHERE CASE WHEN s.state IN ('closed', 'cancelled') THEN 1 ELSE 0 END = 1 AND s.ends_at < :before AND (s.ends_at, s.visit) > (:after_at, :after_id)
    AND s.reasons = ''
    AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.visit = s.visit AND b.received_at >= :before)
    AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.visit = s.visit AND c.at >= :before)
    AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.visit = s.visit AND r.at >= :before)
    AND NOT EXISTS (SELECT 1 FROM duties d WHERE d.visit = s.visit AND d.closed_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.visit = s.visit AND CASE WHEN h.ends IS NULL THEN 1 ELSE 0 END = 1
        AND (h.until_at IS NULL OR h.until_at > :now)
        AND NOT EXISTS (SELECT 1 FROM legal_holds e WHERE e.ends = h.id))
ORDER BY s.ends_at, s.visit LIMIT :size;

-- name: visits_past_term^
-- Visits older than the term that stay: held, open, or with something that calls for a person.
SELECT count(*) FROM visit_summaries WHERE ends_at < :before;

-- name: due_quarantine
SELECT id FROM quarantine WHERE decision IS NOT NULL AND decided_at < :before AND id > :after ORDER BY id LIMIT :size;

-- name: due_looks
SELECT at, id FROM access_log WHERE at < :before AND (at, id) > (:after_at, :after_id) ORDER BY at, id LIMIT :size;

-- name: blobs_step^
-- The file that many further.
SELECT sha256 FROM blobs WHERE sha256 > :after ORDER BY sha256 LIMIT 1 OFFSET :steps;

-- name: due_uploads
-- Of the next files: nearly all are named by a visit, so it is a long way from one that is due to the next.
SELECT f.sha256 FROM blobs f
WHERE f.sha256 > :after AND f.sha256 <= :end AND f.stored_at < :before
    AND NOT EXISTS (SELECT 1 FROM file_references n WHERE n.sha256 = f.sha256)
    AND NOT EXISTS (SELECT 1 FROM people p WHERE p.photo = f.sha256)
    AND NOT EXISTS (SELECT 1 FROM received_files r WHERE r.sha256 = f.sha256 AND r.sent_at >= :before)
ORDER BY f.sha256 LIMIT :size;

-- name: due_staff
SELECT login FROM people WHERE left_at < :before AND login > :after AND (name <> :erased OR photo IS NOT NULL)
ORDER BY login LIMIT :size;

-- name: due_mails
SELECT id FROM duty_mails WHERE created_at < :before AND next_at IS NULL AND id > :after ORDER BY id LIMIT :size;

-- name: delete_mail!
DELETE FROM duty_mails WHERE id = :id;

-- name: due_sign_ins
SELECT digest FROM tokens
WHERE digest > :after AND kind <> 'device' AND (revoked_at < :before
    OR kind = 'session' AND coalesce(used_at, created_at) < :before)
ORDER BY digest LIMIT :size;

-- name: owner_of_token^
SELECT login FROM tokens WHERE digest = :id;

-- name: owner_of_code^
SELECT login FROM one_time_codes WHERE digest = :id;

-- name: delete_token!
DELETE FROM tokens WHERE digest = :id;

-- name: due_codes
SELECT digest FROM one_time_codes WHERE digest > :after AND expires_at < :before ORDER BY digest LIMIT :size;

-- name: delete_code!
DELETE FROM one_time_codes WHERE digest = :id;

-- name: batches_between
-- The records that were received in a time, without those whose positions are reduced already.
SELECT b.id, b.visit, b.received_at, b.body FROM batches b
WHERE b.received_at >= :since AND b.received_at < :before AND (b.received_at, b.id) > (:after_at, :after_id)
    AND NOT EXISTS (SELECT 1 FROM reduced_records r WHERE r.id = b.id)
ORDER BY b.received_at, b.id LIMIT :size;

-- name: add_reduced_record!
INSERT INTO reduced_records (id, sha256, erasure) VALUES (:id, :sha256, :erasure);

-- name: reduce_batch!
UPDATE batches SET body = :body WHERE id = :id;

-- name: batches_of_held
SELECT b.id, b.visit, b.received_at, b.body FROM batches b
WHERE b.visit = :visit AND b.received_at < :before
    AND NOT EXISTS (SELECT 1 FROM reduced_records r WHERE r.id = b.id);

-- name: last_erased_day^
SELECT max(day) FROM erased_visits WHERE day < :before;

-- name: erased_between
SELECT type, verdict, count(*) FROM erased_visits WHERE day >= :since AND day < :before
GROUP BY type, verdict ORDER BY type, verdict;
