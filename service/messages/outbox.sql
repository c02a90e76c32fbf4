-- name: add_message!
INSERT INTO messages (id, visit, about, channel, recipient, text, private, entries, sha256, created_at, created_by,
    give_up_at, state, tries, next_at)
VALUES (:id, :visit, :about, :channel, :recipient, :text, :private, :entries, :sha256, :created_at, :created_by,
    :give_up_at, 'waiting', 0, :created_at)
ON CONFLICT DO NOTHING;

-- name: message^
SELECT id, visit, about, channel, recipient, text, private, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because
FROM messages WHERE id = :id;

-- name: messages_of
SELECT id, visit, about, channel, recipient, text, private, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because
FROM messages WHERE visit = :visit ORDER BY created_at, id;

-- name: messages_due
SELECT id, visit, about, channel, recipient, text, private, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because
FROM messages
WHERE next_at IS NOT NULL
    -- one that was never tried is due, whatever clock it was made by; and one that waits for longer than ever has to
    AND (next_at <= :now OR tries = 0
        OR next_at > CASE WHEN tries <= :few THEN CAST(:soon AS BIGINT) ELSE CAST(:late AS BIGINT) END)
ORDER BY next_at, id LIMIT :size;

-- name: claim_message!
-- One worker gets it: the others see another next_at.
UPDATE messages SET next_at = :lease, tries = tries + 1 WHERE id = :id AND next_at = :seen;

-- name: settle_message!
-- Delivered stays delivered, whoever had the lease; also what was withdrawn when it was on its way already.
UPDATE messages SET state = :state, next_at = :next_at,
    private = CASE WHEN CAST(:next_at AS BIGINT) IS NULL THEN NULL ELSE private END
WHERE id = :id AND (:state = 'delivered' AND state IN ('waiting', 'withdrawn') OR state = 'waiting' AND tries = :number);

-- name: withdraw_messages!
-- What waits about a visit, but for codes: they have nothing to do with the appointment.
UPDATE messages SET state = 'withdrawn', next_at = NULL, private = NULL, withdrawn_at = :at,
    withdrawn_because = :because
WHERE visit = :visit AND state = 'waiting' AND about <> 'code';

-- name: add_delivery!
INSERT INTO deliveries (message, number, at, outcome, detail) VALUES (:message, :number, :at, :outcome, :detail)
ON CONFLICT DO NOTHING;

-- name: deliveries_of
SELECT d.message, d.number, d.at, d.outcome, d.detail
FROM deliveries d JOIN messages m ON m.id = d.message WHERE m.visit = :visit ORDER BY d.at, d.number;
