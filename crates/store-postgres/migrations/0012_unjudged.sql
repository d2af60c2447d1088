-- Judging: the riders' evidence is verified after the upload. See docs/DATA_MODEL.md.

-- Whose tap each record of a judged run is. Append-only.
CREATE TABLE record_owners (
    device_id bytea NOT NULL,
    epoch     bigint NOT NULL,
    first_seq bigint NOT NULL,
    next_seq  bigint NOT NULL CHECK (next_seq > first_seq),
    owners    bytea NOT NULL,
    PRIMARY KEY (device_id, epoch, first_seq)
);
ALTER TABLE record_owners ALTER COLUMN owners SET STORAGE EXTERNAL;
INSERT INTO record_owners SELECT device_id, epoch, first_seq, next_seq, owners FROM device_records;
ALTER TABLE device_records DROP COLUMN owners;
CREATE TRIGGER record_owners_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON record_owners
    FOR EACH STATEMENT EXECUTE FUNCTION stays();

-- Runs of device_records that nobody has judged: the judges' queue. Who judges a run holds its row.
CREATE TABLE unjudged_runs (
    device_id bytea NOT NULL,
    epoch     bigint NOT NULL,
    first_seq bigint NOT NULL,
    PRIMARY KEY (device_id, epoch, first_seq)
);
