-- name: events_page
-- The newest first.
SELECT id, kind, at, sha256, body, salt, what, person, author FROM events
WHERE (at, id) < (:before_at, :before_id) AND at >= :since AND at < :until
ORDER BY at DESC, id DESC LIMIT :size;

-- name: events_called
SELECT id, kind, at, sha256, body, salt, what, person, author FROM events
WHERE what = :what AND (at, id) < (:before_at, :before_id) AND at >= :since AND at < :until
ORDER BY at DESC, id DESC LIMIT :size;

-- name: events_of_person
SELECT id, kind, at, sha256, body, salt, what, person, author FROM events
WHERE person = :person AND (at, id) < (:before_at, :before_id) AND at >= :since AND at < :until
    AND (:what = '' OR what = :what)
ORDER BY at DESC, id DESC LIMIT :size;
