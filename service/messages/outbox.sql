-- name: add_message!
INSERT INTO messages (id, visit, about, channel, recipient, text, placeholders, entries, sha256, created_at, created_by,
    give_up_at, state, tries, next_at, occasion, variables, not_before, link, salt, priority)
VALUES (:id, :visit, :about, :channel, :recipient, :text, :placeholders, :entries, :sha256, :created_at, :created_by,
    :give_up_at, 'waiting', 0, :next_at, :occasion, :variables, :not_before, :link, :salt, :priority)
ON CONFLICT DO NOTHING;

-- name: message^
SELECT id, visit, about, channel, recipient, text, placeholders, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because, occasion, variables, not_before, link, salt, priority
FROM messages WHERE id = :id;

-- name: messages_of
SELECT id, visit, about, channel, recipient, text, placeholders, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because, occasion, variables, not_before, link, salt, priority
FROM messages WHERE visit = :visit ORDER BY created_at, id;

-- name: messages_due
SELECT id, visit, about, channel, recipient, text, placeholders, entries, sha256, created_at, created_by, give_up_at,
    state, tries, next_at, withdrawn_at, withdrawn_because, occasion, variables, not_before, link, salt, priority
FROM messages
WHERE channel = :channel AND next_at IS NOT NULL
    -- A message without an attempt that need not wait is due whatever clock wrote it; so is one that waits longer than
    -- any wait lasts.
    AND (next_at <= :now OR tries = 0 AND not_before IS NULL
        OR tries > 0 AND next_at > CASE WHEN tries <= :short_waits THEN CAST(:soon AS BIGINT) ELSE CAST(:late AS BIGINT) END)
ORDER BY priority DESC, next_at, id LIMIT :size;

-- name: placeholders
SELECT id, placeholders FROM messages WHERE next_at IS NOT NULL AND placeholders IS NOT NULL;

-- name: replace_placeholders!
UPDATE messages SET placeholders = :new WHERE id = :key AND placeholders = :old;

-- name: claim_message!
-- Only one worker gets it: for the others next_at has changed.
UPDATE messages SET next_at = :lease, tries = tries + 1 WHERE id = :id AND next_at = :previous;

-- name: settle_message!
-- A delivery counts whichever worker holds the lease, and even if the message was withdrawn while it was on its way.
UPDATE messages SET state = :state, next_at = :next_at,
    placeholders = CASE WHEN CAST(:next_at AS BIGINT) IS NULL THEN NULL ELSE placeholders END
WHERE id = :id AND (:state IN ('taken', 'delivered') AND state IN ('waiting', 'withdrawn') OR state = 'waiting' AND tries = :number);

-- name: report_message!
-- What was delivered stays so, and a report that it was taken says nothing about what is known to have failed.
UPDATE messages SET state = :state, next_at = NULL, placeholders = NULL
WHERE id = :id AND (:state = 'delivered' AND state <> 'delivered'
    OR :state = 'failed' AND state IN ('waiting', 'taken') OR :state = 'taken' AND state = 'waiting');

-- name: withdraw_messages!
-- Not one-time codes: they do not depend on the appointment. What was done, signed or complained of stays true.
UPDATE messages SET state = 'withdrawn', next_at = NULL, placeholders = NULL, withdrawn_at = :at,
    withdrawn_because = :because
WHERE visit = :visit AND state = 'waiting' AND about <> 'code' AND (:because = 'details' OR about NOT IN
    ('cancellation', 'please_sign', 'signature_void', 'complaint_received', 'complaint_answered'));

-- name: withdraw_misdirected!
-- One that was delivered, too; the reason is the change of the number, unless it was outdated before.
UPDATE messages SET state = CASE WHEN state = 'waiting' THEN 'withdrawn' ELSE state END, next_at = NULL,
    placeholders = NULL, withdrawn_at = COALESCE(withdrawn_at, :at),
    withdrawn_because = COALESCE(withdrawn_because, 'details')
WHERE id = :id;

-- name: withdraw_message!
UPDATE messages SET state = 'withdrawn', next_at = NULL, placeholders = NULL, withdrawn_at = :at,
    withdrawn_because = :because
WHERE id = :id AND state = 'waiting';

-- name: add_delivery_report!
INSERT INTO delivery_reports (message, state, at, reason, id, salt) VALUES (:message, :state, :at, :reason, :id, :salt)
ON CONFLICT DO NOTHING;

-- name: add_delivery!
INSERT INTO deliveries (message, number, at, outcome, detail, id, salt)
VALUES (:message, :number, :at, :outcome, :detail, :id, :salt)
ON CONFLICT DO NOTHING;

-- name: delivery_of_leaf^
SELECT message, number, at, outcome, detail, salt FROM deliveries WHERE id = :id;

-- name: report_of_leaf^
SELECT message, state, at, reason, salt FROM delivery_reports WHERE id = :id;

-- name: deliveries_of
SELECT d.message, d.number, d.at, d.outcome, d.detail
FROM deliveries d JOIN messages m ON m.id = d.message WHERE m.visit = :visit
UNION ALL
SELECT r.message, CAST(0 AS BIGINT), r.at, r.state, r.reason
FROM delivery_reports r JOIN messages m ON m.id = r.message WHERE m.visit = :visit
ORDER BY 3, 2;
