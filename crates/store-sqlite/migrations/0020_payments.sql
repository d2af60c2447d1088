-- Payments: what riders owe as one sum per pay window, on its way to a provider and back.
-- Explained in docs/DATA_MODEL.md; ids, times and keys as in 0001.

-- Entries are about payments too. What texts a column holds is settlement's to say, so the check
-- goes; SQLite changes a check by building the table anew, its children first.
CREATE TABLE entries_of_all (
    account_id  BLOB NOT NULL,
    entry_id    BLOB NOT NULL,
    service_day INTEGER NOT NULL,
    about       TEXT NOT NULL,
    about_id    BLOB NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (account_id, entry_id)
) STRICT, WITHOUT ROWID;
INSERT INTO entries_of_all SELECT account_id, entry_id, service_day, about, about_id, at, kind,
    description FROM entries;
CREATE TABLE postings_of_all (
    account_id     BLOB NOT NULL,
    entry_id       BLOB NOT NULL,
    line           INTEGER NOT NULL,
    ledger_account TEXT NOT NULL,
    currency       TEXT NOT NULL,
    minor          INTEGER NOT NULL CHECK (minor <> 0),
    PRIMARY KEY (account_id, entry_id, line),
    FOREIGN KEY (account_id, entry_id) REFERENCES entries_of_all (account_id, entry_id)
) STRICT, WITHOUT ROWID;
INSERT INTO postings_of_all SELECT account_id, entry_id, line, ledger_account, currency, minor
    FROM postings;
DROP TRIGGER postings_stay_u;
DROP TRIGGER postings_stay_d;
DROP TABLE postings;
DROP TRIGGER entries_stay_u;
DROP TRIGGER entries_stay_d;
DROP TABLE entries;
ALTER TABLE entries_of_all RENAME TO entries;
ALTER TABLE postings_of_all RENAME TO postings;
CREATE TRIGGER entries_stay_u BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
CREATE TRIGGER entries_stay_d BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
CREATE TRIGGER postings_stay_u BEFORE UPDATE ON postings
    BEGIN SELECT RAISE(ABORT, 'postings is append-only'); END;
CREATE TRIGGER postings_stay_d BEFORE DELETE ON postings
    BEGIN SELECT RAISE(ABORT, 'postings is append-only'); END;

-- The payment that gathered a charge; NULL where it was given back or set off.
ALTER TABLE charges ADD COLUMN payment_id BLOB;
CREATE INDEX charges_pending ON charges (account_id) WHERE state = 'pending';
CREATE INDEX charges_of_payment ON charges (account_id, payment_id)
    WHERE payment_id IS NOT NULL;

-- One row per payment, rewritten with each step; version says which step it is.
CREATE TABLE payments (
    account_id         BLOB NOT NULL CHECK (length(account_id) = 16),
    payment_id         BLOB NOT NULL CHECK (length(payment_id) = 16),
    window_day         INTEGER NOT NULL,
    revision           INTEGER NOT NULL,
    provider_id        BLOB NOT NULL CHECK (length(provider_id) = 16),
    payer              TEXT,
    currency           TEXT NOT NULL,
    amount_minor       INTEGER NOT NULL CHECK (amount_minor > 0),
    give_back_minor    INTEGER NOT NULL CHECK (give_back_minor BETWEEN 0 AND amount_minor),
    made_at            INTEGER NOT NULL,
    stage              TEXT NOT NULL,
    due_at             INTEGER,
    request_what       TEXT,
    request_number     INTEGER,
    request_minor      INTEGER,
    request_from       TEXT,
    request_first_sent INTEGER,
    request_sent       INTEGER,
    requests           INTEGER NOT NULL,
    asked              INTEGER NOT NULL,
    failed             TEXT NOT NULL,
    collected_minor    INTEGER NOT NULL,
    given_back_minor   INTEGER NOT NULL,
    charged_back_minor INTEGER NOT NULL,
    entries            INTEGER NOT NULL,
    version            INTEGER NOT NULL CHECK (version > 0),
    PRIMARY KEY (account_id, payment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_by_id ON payments (payment_id);
CREATE INDEX payments_due ON payments (due_at, payment_id) WHERE due_at IS NOT NULL;
CREATE TRIGGER payments_stay_d BEFORE DELETE ON payments
    BEGIN SELECT RAISE(ABORT, 'payments are never deleted'); END;
CREATE TRIGGER payments_stay_u BEFORE UPDATE OF account_id, payment_id, window_day, revision,
    provider_id, payer, currency, amount_minor, made_at ON payments
    BEGIN SELECT RAISE(ABORT, 'what a payment is about stays'); END;

-- How riders pay.
CREATE TABLE payment_profiles (
    account_id  BLOB NOT NULL CHECK (length(account_id) = 16),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16),
    pay_window  TEXT NOT NULL,
    customer    TEXT,
    mandate     TEXT,
    signed_day  INTEGER,
    holder      TEXT,
    iban        TEXT,
    changed_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id)
) STRICT, WITHOUT ROWID;

-- Orders that we keep the book of ourselves: drawn from a prepaid balance, or invoiced by a bank.
-- A top-up is an order of number 0 that gives to the balance.
CREATE TABLE book_orders (
    account_id BLOB NOT NULL CHECK (length(account_id) = 16),
    payment_id BLOB NOT NULL CHECK (length(payment_id) = 16),
    number     INTEGER NOT NULL,
    book       TEXT NOT NULL CHECK (book IN ('prepaid', 'invoice')),
    what       TEXT NOT NULL,
    minor      INTEGER NOT NULL CHECK (minor > 0),
    currency   TEXT NOT NULL,
    word       TEXT NOT NULL,
    code       TEXT NOT NULL,
    file       TEXT,
    PRIMARY KEY (account_id, payment_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX book_orders_by_file ON book_orders (file) WHERE book = 'invoice';
CREATE INDEX book_orders_by_payment ON book_orders (payment_id, number);
CREATE TRIGGER book_orders_stay_d BEFORE DELETE ON book_orders
    BEGIN SELECT RAISE(ABORT, 'orders are never deleted'); END;
CREATE TRIGGER book_orders_stay_u BEFORE UPDATE OF account_id, payment_id, number, book, what,
    minor, currency ON book_orders
    BEGIN SELECT RAISE(ABORT, 'what an order is about stays'); END;

-- A code may be denied for debt and by staff: each takes off what it put there.
CREATE TABLE deny_entries_by_cause (
    credential_id BLOB NOT NULL CHECK (length(credential_id) = 16),
    cause         TEXT NOT NULL CHECK (cause IN ('staff', 'debt')),
    account_id    BLOB,
    reason        TEXT NOT NULL,
    denied_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (credential_id, cause)
) STRICT, WITHOUT ROWID;
INSERT INTO deny_entries_by_cause SELECT credential_id, 'staff', account_id, reason, denied_at,
    expires_at FROM deny_entries;
DROP TABLE deny_entries;
ALTER TABLE deny_entries_by_cause RENAME TO deny_entries;
CREATE INDEX deny_entries_by_account ON deny_entries (account_id)
    WHERE account_id IS NOT NULL;
CREATE INDEX deny_entries_by_end ON deny_entries (expires_at);
