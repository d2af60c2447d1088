-- Notes: what became of a tap at its gate. Explained in docs/DATA_MODEL.md.

-- The check of outcomes learns 'note'; SQLite changes a check by building the table anew.
CREATE TABLE device_records_with_notes (
    device_id   BLOB NOT NULL REFERENCES gates (device_id),
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('tap', 'refused', 'note', 'quarantined')),
    record      BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO device_records_with_notes
    SELECT device_id, epoch, seq, outcome, record, received_at FROM device_records;
DROP TRIGGER device_records_stay_u;
DROP TRIGGER device_records_stay_d;
DROP TABLE device_records;
ALTER TABLE device_records_with_notes RENAME TO device_records;
CREATE TRIGGER device_records_stay_u BEFORE UPDATE ON device_records
    BEGIN SELECT RAISE(ABORT, 'device_records is append-only'); END;
CREATE TRIGGER device_records_stay_d BEFORE DELETE ON device_records
    BEGIN SELECT RAISE(ABORT, 'device_records is append-only'); END;

-- Notes of gates about their own taps, under their own record numbers. A note may be here before
-- its tap. outcome: 1 opened, 2 did not open, 3 nobody passed; of several the highest counts.
-- Append-only.
CREATE TABLE tap_notes (
    device_id BLOB NOT NULL,
    epoch     INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    tap_id    BLOB NOT NULL CHECK (length(tap_id) = 16),
    outcome   INTEGER NOT NULL CHECK (outcome IN (1, 2, 3)),
    PRIMARY KEY (device_id, epoch, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX tap_notes_by_tap ON tap_notes (tap_id, outcome);

-- Finds the account and day of a tap that a late note is about.
CREATE INDEX taps_by_id ON taps (tap_id);

CREATE TRIGGER tap_notes_stay_u BEFORE UPDATE ON tap_notes
    BEGIN SELECT RAISE(ABORT, 'tap_notes is append-only'); END;
CREATE TRIGGER tap_notes_stay_d BEFORE DELETE ON tap_notes
    BEGIN SELECT RAISE(ABORT, 'tap_notes is append-only'); END;
