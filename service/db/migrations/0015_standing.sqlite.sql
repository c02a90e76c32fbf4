-- How these visits stand is worked out anew at the next start: what was done on a cancelled one is reviewed, and a
-- complaint that somebody wrote down is a flag.
UPDATE board SET state = '' WHERE state = 'cancelled' AND verdict <> '';
UPDATE board SET state = '' WHERE visit IN (
    SELECT visit FROM batches WHERE instr(body, CAST('complaint_received' AS BLOB)) > 0
);
