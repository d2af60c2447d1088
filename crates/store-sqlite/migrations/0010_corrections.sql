-- Refunds and appeals, their decisions, and the audit trail. Explained in docs/DATA_MODEL.md.

-- A day learns its refunds, and what of them is credited; SQLite changes a check by building the
-- table anew.
CREATE TABLE account_days_with_refunds (
    account_id      BLOB NOT NULL,
    service_day     INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    currency        TEXT NOT NULL,
    fares_minor     INTEGER NOT NULL CHECK (fares_minor >= 0),
    charged_minor   INTEGER NOT NULL CHECK (charged_minor >= 0),
    refunds_minor   INTEGER NOT NULL CHECK (refunds_minor >= 0),
    credited_minor  INTEGER NOT NULL CHECK (credited_minor BETWEEN 0 AND refunds_minor),
    charge_revision INTEGER NOT NULL,
    closed          INTEGER NOT NULL CHECK (closed = 0 OR (
        credited_minor = min(refunds_minor, fares_minor)
        AND charged_minor = fares_minor - credited_minor)),
    PRIMARY KEY (account_id, service_day)
) STRICT, WITHOUT ROWID;
INSERT INTO account_days_with_refunds
    SELECT account_id, service_day, revision, currency, fares_minor, charged_minor, 0, 0,
    charge_revision, closed FROM account_days;
DROP TABLE account_days;
ALTER TABLE account_days_with_refunds RENAME TO account_days;
CREATE INDEX account_days_open ON account_days (service_day, account_id) WHERE closed = 0;

-- An entry may be about a refund. The postings go with their entries: they refer to them.
CREATE TABLE entries_about_refunds (
    account_id  BLOB NOT NULL,
    entry_id    BLOB NOT NULL,
    service_day INTEGER NOT NULL,
    about       TEXT NOT NULL CHECK (about IN ('journey', 'charge', 'refund')),
    about_id    BLOB NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (account_id, entry_id)
) STRICT, WITHOUT ROWID;
INSERT INTO entries_about_refunds
    SELECT account_id, entry_id, service_day, about, about_id, at, kind, description FROM entries;
CREATE TABLE postings_of_entries (
    account_id     BLOB NOT NULL,
    entry_id       BLOB NOT NULL,
    line           INTEGER NOT NULL,
    ledger_account TEXT NOT NULL,
    currency       TEXT NOT NULL,
    minor          INTEGER NOT NULL CHECK (minor <> 0),
    PRIMARY KEY (account_id, entry_id, line),
    FOREIGN KEY (account_id, entry_id) REFERENCES entries_about_refunds (account_id, entry_id)
) STRICT, WITHOUT ROWID;
INSERT INTO postings_of_entries
    SELECT account_id, entry_id, line, ledger_account, currency, minor FROM postings;
DROP TRIGGER postings_stay_u;
DROP TRIGGER postings_stay_d;
DROP TRIGGER entries_stay_u;
DROP TRIGGER entries_stay_d;
DROP TABLE postings;
DROP TABLE entries;
ALTER TABLE entries_about_refunds RENAME TO entries;
ALTER TABLE postings_of_entries RENAME TO postings;
CREATE TRIGGER entries_stay_u BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
CREATE TRIGGER entries_stay_d BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
CREATE TRIGGER postings_stay_u BEFORE UPDATE ON postings
    BEGIN SELECT RAISE(ABORT, 'postings is append-only'); END;
CREATE TRIGGER postings_stay_d BEFORE DELETE ON postings
    BEGIN SELECT RAISE(ABORT, 'postings is append-only'); END;

-- What was asked: refunds by staff, appeals by riders. Append-only.
CREATE TABLE corrections (
    account_id    BLOB NOT NULL CHECK (length(account_id) = 16),
    correction_id BLOB NOT NULL CHECK (length(correction_id) = 16),
    service_day   INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    subject       TEXT NOT NULL,
    subject_id    BLOB NOT NULL CHECK (length(subject_id) = 16),
    amount_minor  INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency      TEXT NOT NULL,
    reason        TEXT NOT NULL,
    note          TEXT NOT NULL,
    maker         TEXT NOT NULL,
    made_at       INTEGER NOT NULL,
    PRIMARY KEY (account_id, correction_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX corrections_by_id ON corrections (correction_id);
CREATE INDEX corrections_in_order ON corrections (made_at, correction_id);

-- What was decided: at most once for each. Append-only.
CREATE TABLE correction_decisions (
    account_id    BLOB NOT NULL,
    correction_id BLOB NOT NULL,
    verdict       TEXT NOT NULL,
    decided_by    TEXT NOT NULL,
    decided_at    INTEGER NOT NULL,
    answer        TEXT NOT NULL,
    PRIMARY KEY (account_id, correction_id),
    FOREIGN KEY (account_id, correction_id) REFERENCES corrections (account_id, correction_id)
) STRICT, WITHOUT ROWID;

-- Who did what to what. Append-only.
CREATE TABLE audit_trail (
    line    INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;

-- Finds a charge by what a statement calls it.
CREATE INDEX charges_by_id ON charges (charge_id);

CREATE TRIGGER corrections_stay_u BEFORE UPDATE ON corrections
    BEGIN SELECT RAISE(ABORT, 'corrections is append-only'); END;
CREATE TRIGGER corrections_stay_d BEFORE DELETE ON corrections
    BEGIN SELECT RAISE(ABORT, 'corrections is append-only'); END;
CREATE TRIGGER correction_decisions_stay_u BEFORE UPDATE ON correction_decisions
    BEGIN SELECT RAISE(ABORT, 'correction_decisions is append-only'); END;
CREATE TRIGGER correction_decisions_stay_d BEFORE DELETE ON correction_decisions
    BEGIN SELECT RAISE(ABORT, 'correction_decisions is append-only'); END;
CREATE TRIGGER audit_trail_stays_u BEFORE UPDATE ON audit_trail
    BEGIN SELECT RAISE(ABORT, 'audit_trail is append-only'); END;
CREATE TRIGGER audit_trail_stays_d BEFORE DELETE ON audit_trail
    BEGIN SELECT RAISE(ABORT, 'audit_trail is append-only'); END;
