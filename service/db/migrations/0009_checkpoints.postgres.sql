CREATE TRIGGER log_tiles_only_grow BEFORE UPDATE ON log_tiles FOR EACH ROW
WHEN (substring(NEW.hashes FROM 1 FOR length(OLD.hashes)) <> OLD.hashes OR NEW.level <> OLD.level OR NEW.number <> OLD.number)
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tiles_no_delete BEFORE DELETE ON log_tiles FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tiles_no_truncate BEFORE TRUNCATE ON log_tiles EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoints_no_update BEFORE UPDATE ON log_checkpoints FOR EACH ROW
WHEN (OLD.published_at IS NOT NULL OR NEW.size <> OLD.size OR NEW.note <> OLD.note OR NEW.signed_at <> OLD.signed_at)
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoints_no_delete BEFORE DELETE ON log_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoints_no_truncate BEFORE TRUNCATE ON log_checkpoints EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_cosignatures_no_change BEFORE UPDATE OR DELETE ON log_cosignatures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_cosignatures_no_truncate BEFORE TRUNCATE ON log_cosignatures EXECUTE FUNCTION refuse_change();
-- Hashes cannot be compressed.
ALTER TABLE log_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;
