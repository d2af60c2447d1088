-- Judging: the riders' evidence is verified after the upload. Explained in docs/DATA_MODEL.md.

-- What a record is, is not known when it is stored, and follows from the tables it leads to; the
-- row of its batch proves that the device is registered. SQLite drops a column that a check names
-- by building the table anew.
CREATE TABLE device_records_unjudged (
    device_id   BLOB NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    record      BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO device_records_unjudged
    SELECT device_id, epoch, seq, record, received_at FROM device_records;
DROP TRIGGER device_records_stay_u;
DROP TRIGGER device_records_stay_d;
DROP TABLE device_records;
ALTER TABLE device_records_unjudged RENAME TO device_records;
CREATE TRIGGER device_records_stay_u BEFORE UPDATE ON device_records
    BEGIN SELECT RAISE(ABORT, 'device_records is append-only'); END;
CREATE TRIGGER device_records_stay_d BEFORE DELETE ON device_records
    BEGIN SELECT RAISE(ABORT, 'device_records is append-only'); END;

-- Records from first_seq to right before next_seq that nobody has judged: the judges' queue.
CREATE TABLE unjudged_runs (
    device_id BLOB NOT NULL,
    epoch     INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    next_seq  INTEGER NOT NULL CHECK (next_seq > first_seq),
    PRIMARY KEY (device_id, epoch, first_seq)
) STRICT, WITHOUT ROWID;
