-- Searches do not distinguish separators any more: everything is indexed again at the next start.
DELETE FROM search_tokens;
UPDATE visit_summaries SET state = '';
