-- Batches of a visit have a number, given under its lock: the order in which they were written, whatever a clock says.
-- `revision`: how many changes of the visit came before. It is null for batches from before, whose leaves do not commit
-- to either.
ALTER TABLE batches ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN revision BIGINT;
