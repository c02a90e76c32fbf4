-- name: add_gram!
INSERT INTO grams (gram, visit) VALUES (:gram, :visit) ON CONFLICT DO NOTHING;

-- name: delete_gram!
DELETE FROM grams WHERE gram = :gram AND visit = :visit;

-- name: of_gram
SELECT visit FROM grams WHERE gram = :gram ORDER BY visit LIMIT :size;

-- name: set_texts!
INSERT INTO texts (visit, area, text) VALUES (:visit, :area, :text)
ON CONFLICT (visit) DO UPDATE SET text = excluded.text;

-- name: count_grams^
-- How many visits have each of eight grams, as far as one counts.
SELECT
    (SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram_0 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram_1 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram_2 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram_3 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram_4 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram_5 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram_6 LIMIT :most) AS few),
    (SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram = :gram_7 LIMIT :most) AS few);

-- name: count_beginning^
SELECT count(*) FROM (SELECT 1 AS one FROM grams WHERE gram >= :low AND gram < :high LIMIT :most) AS few;

-- name: count_scope^
-- How many visits are planned in a time: of a person, with any flag, in a state, of a type, in an area, or all.
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

-- The next three give the visits that are wanted and have the query; they differ in where they look. `LIMIT 1 OFFSET 0`
-- is a fence: PostgreSQL then asks for one visit after the other, in the order of the walk, until there are enough, and
-- never reads a table whole. CASE asks in the order in which it costs the least.

-- name: gram_at^
-- Where a walk is after so many steps.
SELECT visit FROM grams WHERE gram = :gram AND visit > :after_id ORDER BY visit LIMIT 1 OFFSET :steps;

-- name: in_gram
SELECT b.visit, b.type, b.technician, b.crew, b.area, b.planned_at, b.state, b.flags, b.verdict, b.until, b.revision,
    b.plan
FROM (
    SELECT a.visit FROM grams a
    WHERE a.gram = :gram AND a.visit > :after_id AND a.visit <= :end_id
        AND CASE
            WHEN :second <> '' AND NOT EXISTS (
                SELECT 1 FROM grams g WHERE g.gram = :second AND g.visit = a.visit LIMIT 1 OFFSET 0
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
                SELECT 1 FROM texts t
                WHERE t.visit = a.visit AND t.text LIKE :pattern ESCAPE '!'
                    AND (:areas = '' OR replace(:areas, :line || t.area || :line, '') <> :areas)
                LIMIT 1 OFFSET 0
            ) THEN 1
            ELSE 0
        END = 1
    ORDER BY a.visit LIMIT :size
) AS f JOIN visit_summaries b ON b.visit = f.visit
ORDER BY f.visit;

-- name: beginning_at^
SELECT visit, gram FROM grams
WHERE (gram, visit) > (:after_gram, :after_id) AND gram >= :low AND gram < :high
ORDER BY gram, visit LIMIT 1 OFFSET :steps;

-- name: in_beginning
SELECT b.visit, b.type, b.technician, b.crew, b.area, b.planned_at, b.state, b.flags, b.verdict, b.until, b.revision,
    b.plan, f.gram, t.text
FROM (
    SELECT a.visit, a.gram FROM grams a
    WHERE (a.gram, a.visit) > (:after_gram, :after_id) AND (a.gram, a.visit) <= (:end_gram, :end_id)
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
                SELECT 1 FROM texts t
                WHERE t.visit = a.visit AND replace(:areas, :line || t.area || :line, '') <> :areas LIMIT 1 OFFSET 0
            ) THEN 1
            ELSE 0
        END = 1
    ORDER BY a.gram, a.visit LIMIT :size
) AS f JOIN visit_summaries b ON b.visit = f.visit JOIN texts t ON t.visit = f.visit
ORDER BY f.gram, f.visit;

-- name: in_scope
-- The innermost limit is a fence too, and keeps the order.
SELECT b.visit, b.type, b.technician, b.crew, b.area, b.planned_at, b.state, b.flags, b.verdict, b.until, b.revision,
    b.plan
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
            WHEN :gram <> '' AND NOT EXISTS (
                SELECT 1 FROM grams g WHERE g.gram = :gram AND g.visit = s.visit LIMIT 1 OFFSET 0
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
                SELECT 1 FROM texts t
            WHERE t.visit = s.visit AND t.text LIKE :pattern ESCAPE '!'
                    AND (:areas = '' OR replace(:areas, :line || t.area || :line, '') <> :areas)
                LIMIT 1 OFFSET 0
            ) THEN 1
            ELSE 0
        END = 1
    LIMIT :size
) AS f JOIN visit_summaries b ON b.visit = f.visit
ORDER BY f.visit;
