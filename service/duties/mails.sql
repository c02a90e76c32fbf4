-- name: duties_due_between
-- The first of each area, and how many there are.
SELECT f.area, f.total, f.visit, f.item, f.due_at, s.plan, v.checklist, v.checklist_version
FROM (
    SELECT area, visit, duty, item, due_at, count(*) OVER (PARTITION BY area) AS total,
        row_number() OVER (PARTITION BY area ORDER BY due_at, visit, duty) AS place
    FROM duties WHERE closed_at IS NULL AND due_at >= :start AND due_at < :end
) f JOIN visit_summaries s ON s.visit = f.visit JOIN visits v ON v.id = f.visit
WHERE f.place <= :most
ORDER BY f.area, f.due_at, f.visit, f.duty;

-- name: duty_mail_of_day^
SELECT 1 FROM duty_mails WHERE day = :day AND recipient = :recipient;

-- name: add_duty_mail!
-- Only one of the servers writes it.
INSERT INTO duty_mails (id, day, recipient, subject, text, created_at, state, tries, next_at, detail)
VALUES (:id, :day, :recipient, :subject, :text, :created_at, :state, 0, :next_at, '')
ON CONFLICT (day, recipient) DO NOTHING;

-- name: duty_mails_due
-- What waits longer than any wait lasts was written by a clock that was ahead.
SELECT id, recipient, subject, text, created_at, tries, next_at FROM duty_mails
WHERE next_at IS NOT NULL AND (next_at <= :now OR next_at > :late) ORDER BY next_at, id LIMIT :size;

-- name: claim_duty_mail!
-- Only one worker gets it: for the others next_at has changed.
UPDATE duty_mails SET next_at = :lease, tries = tries + 1 WHERE id = :id AND next_at = :previous;

-- name: settle_duty_mail!
UPDATE duty_mails SET state = :state, next_at = :next_at, detail = :detail
WHERE id = :id AND state = 'waiting' AND (tries = :number OR :state = 'delivered');
