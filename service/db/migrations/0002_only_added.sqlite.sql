-- A guard against slips: what was taken is never changed. (Against the operator himself there is the log.)

CREATE TRIGGER batches_no_update BEFORE UPDATE ON batches
BEGIN SELECT RAISE(ABORT, 'batches are only ever added'); END;
CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches
BEGIN SELECT RAISE(ABORT, 'batches are only ever added'); END;
CREATE TRIGGER visits_no_update BEFORE UPDATE ON visits
BEGIN SELECT RAISE(ABORT, 'visits are only ever added'); END;
CREATE TRIGGER visits_no_delete BEFORE DELETE ON visits
BEGIN SELECT RAISE(ABORT, 'visits are only ever added'); END;
CREATE TRIGGER checklists_no_update BEFORE UPDATE ON checklists
BEGIN SELECT RAISE(ABORT, 'checklists are only ever added'); END;
CREATE TRIGGER checklists_no_delete BEFORE DELETE ON checklists
BEGIN SELECT RAISE(ABORT, 'checklists are only ever added'); END;
CREATE TRIGGER accesses_no_update BEFORE UPDATE ON accesses
BEGIN SELECT RAISE(ABORT, 'accesses are only ever added'); END;
CREATE TRIGGER accesses_no_delete BEFORE DELETE ON accesses
BEGIN SELECT RAISE(ABORT, 'accesses are only ever added'); END;

-- The bytes of an input stay; only the decision about it is written.
CREATE TRIGGER quarantine_no_update BEFORE UPDATE OF id, device, sha256, path_id, code, body, received_at, received_from
ON quarantine
BEGIN SELECT RAISE(ABORT, 'quarantine bytes are only ever added'); END;

-- A leaf gets its number once.
CREATE TRIGGER leaves_no_update BEFORE UPDATE ON leaves
WHEN OLD.number IS NOT NULL OR NEW.id <> OLD.id OR NEW.leaf <> OLD.leaf OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'leaves are only ever added'); END;
CREATE TRIGGER leaves_no_delete BEFORE DELETE ON leaves
BEGIN SELECT RAISE(ABORT, 'leaves are only ever added'); END;
