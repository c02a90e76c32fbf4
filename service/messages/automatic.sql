-- name: visits_with_news
SELECT visit, news FROM visit_summaries
WHERE news > news_checked AND planned_at >= :start AND planned_at < :end ORDER BY planned_at, visit LIMIT :size;

-- name: note_news_checked!
UPDATE visit_summaries SET news_checked = :news WHERE visit = :visit AND news_checked < :news;

-- name: skip_all_news!
UPDATE visit_summaries SET news_checked = news
WHERE visit IN (SELECT visit FROM visit_summaries WHERE news > news_checked LIMIT :size);

-- name: mark_for_reminders!
UPDATE visit_summaries SET news = news + 1
WHERE planned_at >= :start AND planned_at < :end AND state = 'planned' AND news = news_checked AND NOT EXISTS (
    SELECT 1 FROM messages
    WHERE messages.visit = visit_summaries.visit AND about = 'reminder' AND created_at >= :since
);
