-- The columns of events from before: they repeat the body.
DROP TRIGGER events_no_update;
UPDATE events SET
    what = coalesce(json_extract(CAST(body AS TEXT), '$.what'), ''),
    person = coalesce(json_extract(CAST(body AS TEXT), '$.person'), ''),
    author = coalesce(json_extract(CAST(body AS TEXT), '$.by'), '')
WHERE json_valid(CAST(body AS TEXT));
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
CREATE TRIGGER photo_copies_no_update BEFORE UPDATE ON photo_copies
BEGIN SELECT RAISE(ABORT, 'copies of photos are only ever added'); END;
CREATE TRIGGER photo_copies_no_delete BEFORE DELETE ON photo_copies
BEGIN SELECT RAISE(ABORT, 'copies of photos are only ever added'); END;
