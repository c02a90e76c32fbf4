CREATE TRIGGER departures_no_change BEFORE UPDATE OR DELETE ON departures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER departures_no_truncate BEFORE TRUNCATE ON departures EXECUTE FUNCTION refuse_change();
