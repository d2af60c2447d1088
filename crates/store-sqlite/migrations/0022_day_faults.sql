-- Days that cannot be settled or charged, each with what is wrong. A row goes when its day was settled
-- without a fault. Explained in docs/DATA_MODEL.md.
CREATE TABLE day_faults (
    service_day INTEGER NOT NULL,
    account_id  BLOB NOT NULL CHECK (length(account_id) = 16),
    because     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (service_day, account_id)
) STRICT, WITHOUT ROWID;
