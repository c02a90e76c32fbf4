-- name: add_message!
INSERT INTO messages (id, visit, about, channel, recipient, text, placeholders, entries, sha256, created_at, created_by,
    give_up_at, state, tries, next_at)
VALUES (:id, :visit, :about, :channel, :recipient, :text, :placeholders, :entries, :sha256, :created_at, :created_by,
    :give_up_at, 'waiting', 0, :created_at)
ON CONFLICT DO NOTHING;

-- name: message^
SELECT id, visit, about, channel, recipient, text, placeholders, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because
FROM messages WHERE id = :id;

-- name: messages_of
SELECT id, visit, about, channel, recipient, text, placeholders, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because
FROM messages WHERE visit = :visit ORDER BY created_at, id;

-- name: messages_due
SELECT id, visit, about, channel, recipient, text, placeholders, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because
FROM messages
WHERE next_at IS NOT NULL
    -- A message without an attempt is due whatever clock wrote it; so is one that waits longer than any wait lasts.
    AND (next_at <= :now OR tries = 0
        OR next_at > CASE WHEN tries <= :short_waits THEN CAST(:soon AS BIGINT) ELSE CAST(:late AS BIGINT) END)
ORDER BY next_at, id LIMIT :size;

-- name: claim_message!
-- Only one worker gets it: for the others next_at has changed.
UPDATE messages SET next_at = :lease, tries = tries + 1 WHERE id = :id AND next_at = :previous;

-- name: settle_message!
-- A delivery counts whichever worker holds the lease, and even if the message was withdrawn while it was on its way.
UPDATE messages SET state = :state, next_at = :next_at,
    placeholders = CASE WHEN CAST(:next_at AS BIGINT) IS NULL THEN NULL ELSE placeholders END
WHERE id = :id AND (:state = 'delivered' AND state IN ('waiting', 'withdrawn') OR state = 'waiting' AND tries = :number);

-- name: withdraw_messages!
-- Not one-time codes: they do not depend on the appointment.
UPDATE messages SET state = 'withdrawn', next_at = NULL, placeholders = NULL, withdrawn_at = :at,
    withdrawn_because = :because
WHERE visit = :visit AND state = 'waiting' AND about <> 'code';

-- name: add_delivery!
INSERT INTO deliveries (message, number, at, outcome, detail) VALUES (:message, :number, :at, :outcome, :detail)
ON CONFLICT DO NOTHING;

-- name: deliveries_of
SELECT d.message, d.number, d.at, d.outcome, d.detail
FROM deliveries d JOIN messages m ON m.id = d.message WHERE m.visit = :visit ORDER BY d.at, d.number;
