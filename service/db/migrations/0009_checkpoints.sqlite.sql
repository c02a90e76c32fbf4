CREATE TRIGGER log_tiles_only_grow BEFORE UPDATE ON log_tiles
WHEN substr(NEW.hashes, 1, length(OLD.hashes)) IS NOT OLD.hashes OR NEW.level <> OLD.level OR NEW.number <> OLD.number
BEGIN SELECT RAISE(ABORT, 'log tiles only grow'); END;
CREATE TRIGGER log_tiles_no_delete BEFORE DELETE ON log_tiles
BEGIN SELECT RAISE(ABORT, 'log tiles only grow'); END;
CREATE TRIGGER log_checkpoints_no_update BEFORE UPDATE ON log_checkpoints
WHEN OLD.published_at IS NOT NULL OR NEW.size <> OLD.size OR NEW.note <> OLD.note OR NEW.signed_at <> OLD.signed_at
BEGIN SELECT RAISE(ABORT, 'log checkpoints are only ever added'); END;
CREATE TRIGGER log_checkpoints_no_delete BEFORE DELETE ON log_checkpoints
BEGIN SELECT RAISE(ABORT, 'log checkpoints are only ever added'); END;
CREATE TRIGGER log_cosignatures_no_update BEFORE UPDATE ON log_cosignatures
BEGIN SELECT RAISE(ABORT, 'log cosignatures are only ever added'); END;
CREATE TRIGGER log_cosignatures_no_delete BEFORE DELETE ON log_cosignatures
BEGIN SELECT RAISE(ABORT, 'log cosignatures are only ever added'); END;
