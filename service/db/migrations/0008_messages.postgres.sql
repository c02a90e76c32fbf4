CREATE TRIGGER departures_no_change BEFORE UPDATE OR DELETE ON departures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER departures_no_truncate BEFORE TRUNCATE ON departures EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_reports_no_change BEFORE UPDATE OR DELETE ON delivery_reports FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_reports_no_truncate BEFORE TRUNCATE ON delivery_reports EXECUTE FUNCTION refuse_change();
