ALTER TABLE batches DISABLE TRIGGER batches_no_change;
UPDATE batches SET number = (
    SELECT count(*) FROM batches b
    WHERE b.visit = batches.visit AND (b.received_at, b.id) <= (batches.received_at, batches.id)
);
ALTER TABLE batches ENABLE TRIGGER batches_no_change;
DROP INDEX batches_visit;
CREATE UNIQUE INDEX batches_visit ON batches (visit, number);
