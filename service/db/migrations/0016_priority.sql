-- The most urgent messages of a channel go first: 2, somebody is at the door; 1, somebody waits for a technician.
ALTER TABLE messages ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
UPDATE messages SET priority = CASE about WHEN 'code' THEN 2 ELSE 1 END
WHERE next_at IS NOT NULL AND about IN ('code', 'on_the_way', 'cancellation');
DROP INDEX messages_next;
CREATE INDEX messages_next ON messages (channel, priority DESC, next_at, id) WHERE next_at IS NOT NULL;

-- What was written about visits of these hours is looked at first: their customers wait for a technician.
DROP INDEX visit_summaries_news;
CREATE INDEX visit_summaries_news ON visit_summaries (planned_at, visit) WHERE news > news_checked;
