-- What the desk has to see. Times are ms UTC.

-- A notice that is outdated before it is out: when it was withdrawn, and because of which change of the visit.
ALTER TABLE messages ADD COLUMN withdrawn_at BIGINT;
ALTER TABLE messages ADD COLUMN withdrawn_because TEXT;   -- window, technician, details, cancellation

-- Who signed what was kept: so that it can be taken later as it came.
ALTER TABLE quarantine ADD COLUMN sent_by BYTEA;    -- the device
ALTER TABLE quarantine ADD COLUMN signature BYTEA;

-- Visits whose technician does not work as such any more.
UPDATE board SET flags = CASE WHEN flags = '' THEN 'no_technician' ELSE flags || ' no_technician' END
WHERE state IN ('planned', 'under_way', 'returned') AND technician IN (
    SELECT login FROM people WHERE left_at IS NOT NULL OR ' ' || roles || ' ' NOT LIKE '% technician %'
);
