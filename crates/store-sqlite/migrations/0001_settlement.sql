-- Settlement: gates, taps, journeys, ledger, charges. Explained in docs/DATA_MODEL.md.
--
-- Ids are 16 bytes; times microseconds since 1970 in UTC; service days are days since 1970-01-01;
-- money is integer minor units with its currency. Account data has account_id in its key.

CREATE TABLE gates (
    device_id  BLOB NOT NULL CHECK (length(device_id) = 16),
    gate       INTEGER NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    stop_id    TEXT,
    route_id   TEXT,
    state      TEXT NOT NULL,
    PRIMARY KEY (device_id)
) STRICT, WITHOUT ROWID;

-- What devices uploaded, as signed. Append-only.
CREATE TABLE batches (
    device_id   BLOB NOT NULL REFERENCES gates (device_id),
    epoch       INTEGER NOT NULL,
    next_seq    INTEGER NOT NULL,
    head_after  BLOB NOT NULL,
    first_seq   INTEGER NOT NULL,
    head_before BLOB NOT NULL,
    signature   BLOB NOT NULL,
    continuity  TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch, next_seq, head_after, first_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_records (
    device_id   BLOB NOT NULL REFERENCES gates (device_id),
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('tap', 'refused', 'quarantined')),
    record      BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
) STRICT, WITHOUT ROWID;

-- Records that came under a stored number with other bytes. Append-only.
CREATE TABLE record_conflicts (
    device_id   BLOB NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    digest      BLOB NOT NULL,
    record      BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch, seq, digest)
) STRICT, WITHOUT ROWID;

-- Records that cannot be charged and wait for a human. Append-only.
CREATE TABLE quarantine (
    device_id   BLOB NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
) STRICT, WITHOUT ROWID;

-- How far each device's records are stored without a gap.
CREATE TABLE device_cursors (
    device_id BLOB NOT NULL,
    epoch     INTEGER NOT NULL,
    next_seq  INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch)
) STRICT, WITHOUT ROWID;

-- Taps that a gate refused: counted and shown, never priced. Append-only.
CREATE TABLE refused_taps (
    device_id   BLOB NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    tap_id      BLOB NOT NULL,
    account_id  BLOB,
    service_day INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    stop_id     TEXT NOT NULL,
    route_id    TEXT,
    decision    INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX refused_taps_by_account ON refused_taps (account_id, service_day)
    WHERE account_id IS NOT NULL;

-- Rows of outside files, as they came. Append-only.
CREATE TABLE file_taps (
    tap_id       BLOB NOT NULL,
    digest       BLOB NOT NULL,
    tap_text     TEXT NOT NULL,
    account_text TEXT NOT NULL,
    device_text  TEXT NOT NULL,
    received_at  INTEGER NOT NULL,
    PRIMARY KEY (tap_id)
) STRICT, WITHOUT ROWID;

-- Permitted taps of known accounts: the only thing that is ever priced. Append-only.
CREATE TABLE taps (
    account_id    BLOB NOT NULL CHECK (length(account_id) = 16),
    service_day   INTEGER NOT NULL,
    tap_id        BLOB NOT NULL CHECK (length(tap_id) = 16),
    at            INTEGER NOT NULL,
    kind          INTEGER NOT NULL CHECK (kind IN (1, 2)),
    stop_id       TEXT NOT NULL,
    route_id      TEXT,
    device_id     BLOB,
    epoch         INTEGER,
    seq           INTEGER,
    credential_id BLOB,
    code_slot     INTEGER,
    PRIMARY KEY (account_id, service_day, tap_id)
) STRICT, WITHOUT ROWID;

-- Finds the other taps that used a code.
CREATE INDEX taps_by_code ON taps (account_id, credential_id, code_slot)
    WHERE credential_id IS NOT NULL;

-- Account-days whose taps have changed since they were rated: the worker's queue.
CREATE TABLE dirty_days (
    service_day INTEGER NOT NULL,
    account_id  BLOB NOT NULL,
    PRIMARY KEY (service_day, account_id)
) STRICT, WITHOUT ROWID;

-- Current view, rewritten when a day is rated anew.
CREATE TABLE tap_flags (
    account_id  BLOB NOT NULL,
    service_day INTEGER NOT NULL,
    tap_id      BLOB NOT NULL,
    flag        TEXT NOT NULL,
    PRIMARY KEY (account_id, service_day, tap_id)
) STRICT, WITHOUT ROWID;

-- Current view, rewritten when a day is rated anew. fare_minor is NULL when nothing prices it.
CREATE TABLE journeys (
    account_id  BLOB NOT NULL,
    service_day INTEGER NOT NULL,
    journey_id  BLOB NOT NULL,
    status      TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    taps        BLOB NOT NULL CHECK (length(taps) % 16 = 0),
    fare_minor  INTEGER CHECK (fare_minor >= 0),
    currency    TEXT,
    lines       TEXT NOT NULL,
    because     TEXT NOT NULL,
    PRIMARY KEY (account_id, service_day, journey_id)
) STRICT, WITHOUT ROWID;

-- Where each account-day stands.
CREATE TABLE account_days (
    account_id      BLOB NOT NULL,
    service_day     INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    currency        TEXT NOT NULL,
    fares_minor     INTEGER NOT NULL CHECK (fares_minor >= 0),
    charged_minor   INTEGER NOT NULL CHECK (charged_minor >= 0),
    charge_revision INTEGER NOT NULL,
    closed          INTEGER NOT NULL CHECK (closed = 0 OR charged_minor = fares_minor),
    PRIMARY KEY (account_id, service_day)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_days_open ON account_days (service_day, account_id) WHERE closed = 0;

-- The ledger. Append-only.
CREATE TABLE entries (
    account_id  BLOB NOT NULL,
    entry_id    BLOB NOT NULL,
    service_day INTEGER NOT NULL,
    about       TEXT NOT NULL CHECK (about IN ('journey', 'charge')),
    about_id    BLOB NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (account_id, entry_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE postings (
    account_id     BLOB NOT NULL,
    entry_id       BLOB NOT NULL,
    line           INTEGER NOT NULL,
    ledger_account TEXT NOT NULL,
    currency       TEXT NOT NULL,
    minor          INTEGER NOT NULL CHECK (minor <> 0),
    PRIMARY KEY (account_id, entry_id, line),
    FOREIGN KEY (account_id, entry_id) REFERENCES entries (account_id, entry_id)
) STRICT, WITHOUT ROWID;

-- The fold of an account's postings. A city's account is the sum over riders.
CREATE TABLE balances (
    account_id     BLOB NOT NULL,
    ledger_account TEXT NOT NULL,
    currency       TEXT NOT NULL,
    minor          INTEGER NOT NULL,
    PRIMARY KEY (account_id, ledger_account, currency)
) STRICT, WITHOUT ROWID;

-- Charges and credits. Append-only but for the state.
CREATE TABLE charges (
    account_id   BLOB NOT NULL,
    service_day  INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    charge_id    BLOB NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
    currency     TEXT NOT NULL,
    state        TEXT NOT NULL,
    at           INTEGER NOT NULL,
    because      TEXT NOT NULL,
    PRIMARY KEY (account_id, service_day, revision)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER batches_stay_u BEFORE UPDATE ON batches
    BEGIN SELECT RAISE(ABORT, 'batches is append-only'); END;
CREATE TRIGGER batches_stay_d BEFORE DELETE ON batches
    BEGIN SELECT RAISE(ABORT, 'batches is append-only'); END;
CREATE TRIGGER device_records_stay_u BEFORE UPDATE ON device_records
    BEGIN SELECT RAISE(ABORT, 'device_records is append-only'); END;
CREATE TRIGGER device_records_stay_d BEFORE DELETE ON device_records
    BEGIN SELECT RAISE(ABORT, 'device_records is append-only'); END;
CREATE TRIGGER record_conflicts_stay_u BEFORE UPDATE ON record_conflicts
    BEGIN SELECT RAISE(ABORT, 'record_conflicts is append-only'); END;
CREATE TRIGGER record_conflicts_stay_d BEFORE DELETE ON record_conflicts
    BEGIN SELECT RAISE(ABORT, 'record_conflicts is append-only'); END;
CREATE TRIGGER quarantine_stays_u BEFORE UPDATE ON quarantine
    BEGIN SELECT RAISE(ABORT, 'quarantine is append-only'); END;
CREATE TRIGGER quarantine_stays_d BEFORE DELETE ON quarantine
    BEGIN SELECT RAISE(ABORT, 'quarantine is append-only'); END;
CREATE TRIGGER refused_taps_stay_u BEFORE UPDATE ON refused_taps
    BEGIN SELECT RAISE(ABORT, 'refused_taps is append-only'); END;
CREATE TRIGGER refused_taps_stay_d BEFORE DELETE ON refused_taps
    BEGIN SELECT RAISE(ABORT, 'refused_taps is append-only'); END;
CREATE TRIGGER file_taps_stay_u BEFORE UPDATE ON file_taps
    BEGIN SELECT RAISE(ABORT, 'file_taps is append-only'); END;
CREATE TRIGGER file_taps_stay_d BEFORE DELETE ON file_taps
    BEGIN SELECT RAISE(ABORT, 'file_taps is append-only'); END;
CREATE TRIGGER taps_stay_u BEFORE UPDATE ON taps
    BEGIN SELECT RAISE(ABORT, 'taps is append-only'); END;
CREATE TRIGGER taps_stay_d BEFORE DELETE ON taps
    BEGIN SELECT RAISE(ABORT, 'taps is append-only'); END;
CREATE TRIGGER entries_stay_u BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
CREATE TRIGGER entries_stay_d BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
CREATE TRIGGER postings_stay_u BEFORE UPDATE ON postings
    BEGIN SELECT RAISE(ABORT, 'postings is append-only'); END;
CREATE TRIGGER postings_stay_d BEFORE DELETE ON postings
    BEGIN SELECT RAISE(ABORT, 'postings is append-only'); END;
CREATE TRIGGER charges_stay_d BEFORE DELETE ON charges
    BEGIN SELECT RAISE(ABORT, 'charges is append-only'); END;
CREATE TRIGGER charges_stay_u BEFORE UPDATE OF
    account_id, service_day, revision, charge_id, amount_minor, currency, at, because ON charges
    BEGIN SELECT RAISE(ABORT, 'only the state of a charge may change'); END;
