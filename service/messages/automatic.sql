-- name: visits_with_news
SELECT visit FROM visit_summaries WHERE news = 1 ORDER BY visit LIMIT :size;

-- name: clear_news!
UPDATE visit_summaries SET news = 0 WHERE visit = :visit AND news = 1;

-- name: clear_all_news!
UPDATE visit_summaries SET news = 0 WHERE visit IN (SELECT visit FROM visit_summaries WHERE news = 1 LIMIT :size);

-- name: mark_for_reminders!
UPDATE visit_summaries SET news = 1
WHERE planned_at >= :start AND planned_at < :end AND state = 'planned' AND news = 0 AND NOT EXISTS (
    SELECT 1 FROM messages
    WHERE messages.visit = visit_summaries.visit AND about = 'reminder' AND created_at >= :since
);
