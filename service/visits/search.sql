-- name: add_search_token!
INSERT INTO search_tokens (token, visit) VALUES (:token, :visit) ON CONFLICT DO NOTHING;

-- name: delete_search_token!
DELETE FROM search_tokens WHERE token = :token AND visit = :visit;

-- name: visits_with_token
SELECT visit FROM search_tokens WHERE token = :token ORDER BY visit LIMIT :size;

-- name: visits_of_former
SELECT visit FROM search_tokens WHERE token = :token;

-- name: visits_with_text
-- Of the visits with a token, those with a text in their lines, each between two ends of lines. LIMIT 1 OFFSET 0 has
-- PostgreSQL look at these visits alone.
SELECT k.visit FROM search_tokens k
WHERE k.token = :token AND EXISTS (
    SELECT 1 FROM search_texts t
    WHERE t.visit = k.visit AND CAST(:line AS TEXT) || t.text || CAST(:line AS TEXT) LIKE :pattern ESCAPE '!'
    LIMIT 1 OFFSET 0
);

-- name: set_search_texts!
INSERT INTO search_texts (visit, area, text) VALUES (:visit, :area, :text)
ON CONFLICT (visit) DO UPDATE SET text = excluded.text;

-- name: count_tokens^
-- How many visits have each of eight tokens, counted up to :most.
SELECT
    (SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token = :token_0 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token = :token_1 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token = :token_2 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token = :token_3 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token = :token_4 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token = :token_5 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token = :token_6 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token = :token_7 LIMIT :most) AS few);

-- name: count_tokens_beginning^
SELECT count(*) FROM (SELECT 1 AS one FROM search_tokens WHERE token >= :low AND token < :high LIMIT :most) AS few;

-- name: count_scope^
-- How many visits of a scope are planned in a time, counted up to :most. Scope `flag`: with any flag; `time`: all.
SELECT count(*) FROM (
    SELECT 1 AS one FROM sync_feed
    WHERE :scope = 'person' AND login = :value AND is_assigned = 1 AND planned_at >= :from_at AND planned_at < :to_at
    UNION ALL
    SELECT 1 FROM visit_summaries
    WHERE :scope = 'flag' AND flags <> '' AND planned_at >= :from_at AND planned_at < :to_at
    UNION ALL
    SELECT 1 FROM visit_summaries
    WHERE :scope = 'state' AND state = :value AND planned_at >= :from_at AND planned_at < :to_at
    UNION ALL
    SELECT 1 FROM visit_summaries
    WHERE :scope = 'type' AND type = :value AND planned_at >= :from_at AND planned_at < :to_at
    UNION ALL
    SELECT 1 FROM visit_summaries
    WHERE :scope = 'area' AND area = :value AND planned_at >= :from_at AND planned_at < :to_at
    UNION ALL
    SELECT 1 FROM visit_summaries
    WHERE :scope = 'time' AND planned_at >= :from_at AND planned_at < :to_at
    LIMIT :most
) AS few;

-- The three `search_…` statements return visits that match the filter and contain the query. `LIMIT 1 OFFSET 0` is an
-- optimization fence: PostgreSQL then checks one visit after the other, in index order, until there are enough, and
-- never scans a table. CASE puts the cheapest checks first.

-- name: token_step^
-- The visit that many steps further.
SELECT visit FROM search_tokens WHERE token = :token AND visit > :after_id ORDER BY visit LIMIT 1 OFFSET :steps;

-- name: search_token
SELECT b.visit, b.type, b.technician, b.crew, b.area, b.planned_at, b.state, b.flags, b.verdict, b.valid_until, b.revision,
    b.plan, b.reasons, b.urgent_at, b.since, b.assignee, b.ends_at
FROM (
    SELECT a.visit FROM search_tokens a
    WHERE a.token = :token AND a.visit > :after_id AND a.visit <= :end_id
        AND CASE
            WHEN :second <> '' AND NOT EXISTS (
                SELECT 1 FROM search_tokens k WHERE k.token = :second AND k.visit = a.visit LIMIT 1 OFFSET 0
            ) THEN 0
            WHEN :login <> '' AND NOT EXISTS (
                SELECT 1 FROM sync_feed f WHERE f.login = :login AND f.visit = a.visit AND f.is_assigned = 1 LIMIT 1 OFFSET 0
            ) THEN 0
            WHEN :every = 0 AND NOT EXISTS (
                SELECT 1 FROM visit_summaries b
                WHERE b.visit = a.visit AND (:type = '' OR b.type = :type) AND (:state = '' OR b.state = :state)
                    AND b.planned_at >= :from_at AND b.planned_at < :to_at
                    AND (CAST(:flag AS TEXT) = '' OR ' ' || b.flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
                LIMIT 1 OFFSET 0
            ) THEN 0
            WHEN EXISTS (
                SELECT 1 FROM search_texts t
                WHERE t.visit = a.visit AND t.text LIKE :pattern ESCAPE '!'
                    AND (:areas = '' OR replace(:areas, :line || t.area || :line, '') <> :areas)
                LIMIT 1 OFFSET 0
            ) THEN 1
            ELSE 0
        END = 1
    ORDER BY a.visit LIMIT :size
) AS f JOIN visit_summaries b ON b.visit = f.visit
ORDER BY f.visit;

-- name: token_beginning_step^
SELECT visit, token FROM search_tokens
WHERE (token, visit) > (:after_token, :after_id) AND token >= :low AND token < :high
ORDER BY token, visit LIMIT 1 OFFSET :steps;

-- name: search_token_beginning
SELECT b.visit, b.type, b.technician, b.crew, b.area, b.planned_at, b.state, b.flags, b.verdict, b.valid_until, b.revision,
    b.plan, b.reasons, b.urgent_at, b.since, b.assignee, b.ends_at, f.token, t.text
FROM (
    SELECT a.visit, a.token FROM search_tokens a
    WHERE (a.token, a.visit) > (:after_token, :after_id) AND (a.token, a.visit) <= (:end_token, :end_id)
        AND CASE
            WHEN :login <> '' AND NOT EXISTS (
                SELECT 1 FROM sync_feed f WHERE f.login = :login AND f.visit = a.visit AND f.is_assigned = 1 LIMIT 1 OFFSET 0
            ) THEN 0
            WHEN :every = 0 AND NOT EXISTS (
                SELECT 1 FROM visit_summaries b
                WHERE b.visit = a.visit AND (:type = '' OR b.type = :type) AND (:state = '' OR b.state = :state)
                    AND b.planned_at >= :from_at AND b.planned_at < :to_at
                    AND (CAST(:flag AS TEXT) = '' OR ' ' || b.flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
                LIMIT 1 OFFSET 0
            ) THEN 0
            WHEN :areas = '' OR EXISTS (
                SELECT 1 FROM search_texts t
                WHERE t.visit = a.visit AND replace(:areas, :line || t.area || :line, '') <> :areas LIMIT 1 OFFSET 0
            ) THEN 1
            ELSE 0
        END = 1
    ORDER BY a.token, a.visit LIMIT :size
) AS f JOIN visit_summaries b ON b.visit = f.visit JOIN search_texts t ON t.visit = f.visit
ORDER BY f.token, f.visit;

-- name: search_scope
-- The innermost limit is a fence too, and keeps the order.
SELECT b.visit, b.type, b.technician, b.crew, b.area, b.planned_at, b.state, b.flags, b.verdict, b.valid_until, b.revision,
    b.plan, b.reasons, b.urgent_at, b.since, b.assignee, b.ends_at
FROM (
    SELECT s.visit FROM (
        SELECT visit FROM sync_feed
        WHERE :scope = 'person' AND login = :value AND is_assigned = 1 AND planned_at >= :from_at AND planned_at < :to_at
            AND visit > :after_id
        UNION ALL
        SELECT visit FROM visit_summaries
        WHERE :scope = 'flag' AND flags <> '' AND planned_at >= :from_at AND planned_at < :to_at
            AND ' ' || flags || ' ' LIKE '% ' || CAST(:value AS TEXT) || ' %'
            AND visit > :after_id AND (:type = '' OR type = :type) AND (:state = '' OR state = :state)
        UNION ALL
        SELECT visit FROM visit_summaries
        WHERE :scope = 'state' AND state = :value AND planned_at >= :from_at AND planned_at < :to_at
            AND visit > :after_id AND (:type = '' OR type = :type) AND (:state = '' OR state = :state)
            AND (CAST(:flag AS TEXT) = '' OR ' ' || flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
        UNION ALL
        SELECT visit FROM visit_summaries
        WHERE :scope = 'type' AND type = :value AND planned_at >= :from_at AND planned_at < :to_at
            AND visit > :after_id AND (:type = '' OR type = :type) AND (:state = '' OR state = :state)
            AND (CAST(:flag AS TEXT) = '' OR ' ' || flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
        UNION ALL
        SELECT visit FROM visit_summaries
        WHERE :scope = 'area' AND area = :value AND planned_at >= :from_at AND planned_at < :to_at
            AND visit > :after_id AND (:type = '' OR type = :type) AND (:state = '' OR state = :state)
            AND (CAST(:flag AS TEXT) = '' OR ' ' || flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
        UNION ALL
        SELECT visit FROM visit_summaries
        WHERE :scope = 'time' AND planned_at >= :from_at AND planned_at < :to_at
            AND visit > :after_id AND (:type = '' OR type = :type) AND (:state = '' OR state = :state)
            AND (CAST(:flag AS TEXT) = '' OR ' ' || flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
        ORDER BY 1 LIMIT 1000000000
    ) AS s
    WHERE CASE
            WHEN :token <> '' AND NOT EXISTS (
                SELECT 1 FROM search_tokens k WHERE k.token = :token AND k.visit = s.visit LIMIT 1 OFFSET 0
            ) THEN 0
            WHEN :login <> '' AND NOT EXISTS (
                SELECT 1 FROM sync_feed f WHERE f.login = :login AND f.visit = s.visit AND f.is_assigned = 1 LIMIT 1 OFFSET 0
            ) THEN 0
            WHEN :every = 0 AND NOT EXISTS (
                SELECT 1 FROM visit_summaries b
            WHERE b.visit = s.visit AND (:type = '' OR b.type = :type) AND (:state = '' OR b.state = :state)
                    AND (CAST(:flag AS TEXT) = '' OR ' ' || b.flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
                LIMIT 1 OFFSET 0
            ) THEN 0
            WHEN EXISTS (
                SELECT 1 FROM search_texts t
            WHERE t.visit = s.visit AND t.text LIKE :pattern ESCAPE '!'
                    AND (:areas = '' OR replace(:areas, :line || t.area || :line, '') <> :areas)
                LIMIT 1 OFFSET 0
            ) THEN 1
            ELSE 0
        END = 1
    LIMIT :size
) AS f JOIN visit_summaries b ON b.visit = f.visit
ORDER BY f.visit;
