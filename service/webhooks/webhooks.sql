-- name: webhook_snapshot^
SELECT body FROM webhook_snapshots WHERE visit = :visit;

-- name: put_webhook_snapshot!
INSERT INTO webhook_snapshots (visit, body) VALUES (:visit, :body)
ON CONFLICT (visit) DO UPDATE SET body = excluded.body;

-- name: add_webhook_event!
INSERT INTO webhook_events (id, visit, type, at, body) VALUES (:id, :visit, :type, :at, :body);

-- name: queue_webhook!
-- Also once more, for a receiver that has it already.
INSERT INTO webhook_deliveries (event, receiver, since, state, tries, next_at)
VALUES (:event, :receiver, :since, 'waiting', 0, :next_at)
ON CONFLICT (event, receiver) DO UPDATE SET state = 'waiting', tries = 0, next_at = excluded.next_at;

-- name: webhook_step^
-- The event that many further.
SELECT at, id FROM webhook_events WHERE (at, id) > (:after_at, :after_id) ORDER BY at, id LIMIT 1 OFFSET :steps;

-- name: queue_webhooks_between!
INSERT INTO webhook_deliveries (event, receiver, since, state, tries, next_at)
SELECT id, :receiver, at, 'waiting', 0, :next_at FROM webhook_events
WHERE (at, id) > (:after_at, :after_id) AND (at, id) <= (:end_at, :end_id) AND type <> 'test'
ON CONFLICT (event, receiver) DO UPDATE SET state = 'waiting', tries = 0, next_at = excluded.next_at;

-- name: webhook_event^
SELECT id, visit, type, at, body FROM webhook_events WHERE id = :id;

-- name: due_webhooks
-- Also those that wait for longer than any wait lasts: a clock that was ahead wrote them.
SELECT d.event, d.receiver, d.tries, d.next_at, e.body
FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event
WHERE d.receiver = :receiver AND d.next_at IS NOT NULL AND (d.next_at <= :now OR d.next_at > :late)
ORDER BY d.next_at, d.event LIMIT :size;

-- name: give_up_webhooks!
UPDATE webhook_deliveries SET state = 'given_up', next_at = NULL WHERE receiver = :receiver AND next_at IS NOT NULL;

-- name: claim_webhook!
-- Only one worker gets it: for the others next_at has changed.
UPDATE webhook_deliveries SET next_at = :lease, tries = tries + 1
WHERE event = :event AND receiver = :receiver AND next_at = :previous;

-- name: settle_webhook!
-- Not if it was put into the queue again meanwhile.
UPDATE webhook_deliveries SET state = :state, next_at = :next_at
WHERE event = :event AND receiver = :receiver AND next_at = :lease;

-- name: add_webhook_attempt!
INSERT INTO webhook_attempts (event, receiver, number, at, outcome, detail)
SELECT :event, :receiver, 1 + coalesce(max(number), 0), :at, :outcome, :detail
FROM webhook_attempts WHERE event = :event AND receiver = :receiver;

-- name: webhook_events_page
SELECT id, visit, type, at, body FROM webhook_events
WHERE (at, id) < (:before_at, :before_id) ORDER BY at DESC, id DESC LIMIT :size;

-- name: webhook_events_in_state
SELECT e.id, e.visit, e.type, e.at, e.body
FROM (
    SELECT DISTINCT since, event FROM webhook_deliveries
    WHERE state = :state AND (since, event) < (:before_at, :before_id)
    ORDER BY since DESC, event DESC LIMIT :size
) d JOIN webhook_events e ON e.id = d.event
ORDER BY d.since DESC, d.event DESC;

-- name: webhook_deliveries_of
SELECT event, receiver, state, tries, next_at FROM webhook_deliveries WHERE event = :event ORDER BY receiver;

-- name: webhook_attempts_of
SELECT receiver, number, at, outcome, detail FROM webhook_attempts
WHERE event = :event ORDER BY at DESC, receiver, number DESC LIMIT :size;

-- name: webhook_queues
SELECT receiver, count(*), min(since) FROM webhook_deliveries WHERE next_at IS NOT NULL GROUP BY receiver;

-- name: last_webhook_attempt^
SELECT number, at, outcome, detail FROM webhook_attempts WHERE receiver = :receiver ORDER BY at DESC LIMIT 1;

-- name: forget_webhook_events!
DELETE FROM webhook_events WHERE visit = :visit;

-- name: forget_webhook_snapshot!
DELETE FROM webhook_snapshots WHERE visit = :visit;

-- name: delete_old_webhook_events!
DELETE FROM webhook_events WHERE id IN (SELECT id FROM webhook_events WHERE at < :before ORDER BY at, id LIMIT :size);
