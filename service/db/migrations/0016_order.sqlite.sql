DROP TRIGGER batches_no_update;
UPDATE batches SET number = (
    SELECT count(*) FROM batches b
    WHERE b.visit = batches.visit AND (b.received_at, b.id) <= (batches.received_at, batches.id)
);
CREATE TRIGGER batches_no_update BEFORE UPDATE ON batches
BEGIN SELECT RAISE(ABORT, 'batches are only ever added'); END;
DROP INDEX batches_visit;
CREATE UNIQUE INDEX batches_visit ON batches (visit, number);
