-- What was set aside for want of a key is judged once more when the key is known: its row goes, or
-- another takes its place, in the transaction that writes what the record is. Its bytes stay in
-- device_records. Explained in docs/DATA_MODEL.md.
DROP TRIGGER quarantine_stays_d;
