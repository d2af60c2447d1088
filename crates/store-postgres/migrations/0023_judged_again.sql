-- What was set aside for want of a key is judged once more when the key is known: its row goes, or
-- another takes its place, in the transaction that writes what the record is. Its bytes stay in
-- device_records. Explained in docs/DATA_MODEL.md.
DROP TRIGGER quarantine_stay ON quarantine;
CREATE TRIGGER quarantine_stay BEFORE UPDATE OR TRUNCATE ON quarantine
    FOR EACH STATEMENT EXECUTE FUNCTION stays();

-- Whose tap a record is that was set aside first. Append-only.
CREATE TABLE late_owners (
    device_id   bytea NOT NULL,
    epoch       bigint NOT NULL,
    seq         bigint NOT NULL,
    account_id  bytea NOT NULL,
    service_day integer NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
);
CREATE TRIGGER late_owners_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON late_owners
    FOR EACH STATEMENT EXECUTE FUNCTION stays();
