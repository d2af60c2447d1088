-- Issuance: accounts, phones, sessions, the record of signatures, the deny list.
-- Explained in docs/DATA_MODEL.md; ids, times and keys as in 0001.
--
-- No private key and no session token is ever in here: only hashes of tokens.

-- Who is charged, and what they may travel as (party: the largest).
CREATE TABLE accounts (
    account_id BLOB NOT NULL CHECK (length(account_id) = 16),
    category   INTEGER NOT NULL CHECK (category BETWEEN 0 AND 255),
    party      INTEGER NOT NULL CHECK (party BETWEEN 1 AND 255),
    product    INTEGER NOT NULL CHECK (product BETWEEN 0 AND 65535),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id)
) STRICT, WITHOUT ROWID;

-- Keys that credentials name. A key keeps its account. Append-only.
CREATE TABLE phones (
    public_key    BLOB NOT NULL CHECK (length(public_key) = 32),
    account_id    BLOB NOT NULL REFERENCES accounts (account_id),
    registered_at INTEGER NOT NULL,
    PRIMARY KEY (public_key)
) STRICT, WITHOUT ROWID;

-- One session per phone: SHA-256 of its token.
CREATE TABLE sessions (
    public_key   BLOB NOT NULL REFERENCES phones (public_key),
    session_hash BLOB NOT NULL CHECK (length(session_hash) = 32),
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (public_key)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX sessions_by_hash ON sessions (session_hash);

-- Challenges that were answered, until they would have expired anyway.
CREATE TABLE used_challenges (
    challenge_hash BLOB NOT NULL CHECK (length(challenge_hash) = 32),
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (challenge_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_challenges_by_end ON used_challenges (expires_at);

-- The record of signatures: each row is durable before its signature exists. Append-only.
CREATE TABLE issuances (
    credential_id BLOB NOT NULL CHECK (length(credential_id) = 16),
    account_id    BLOB NOT NULL CHECK (length(account_id) = 16),
    kid           BLOB NOT NULL CHECK (length(kid) = 4),
    kind          INTEGER NOT NULL CHECK (kind IN (1, 2)), -- 1 credential, 2 ticket
    category      INTEGER NOT NULL,
    party         INTEGER NOT NULL,
    product       INTEGER NOT NULL,
    message_hash  BLOB NOT NULL CHECK (length(message_hash) = 32),
    starts_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    recorded_at   INTEGER NOT NULL,
    PRIMARY KEY (credential_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX issuances_by_account ON issuances (account_id, expires_at);

-- The deny list as it stands. account_id is NULL for codes that are not ours.
CREATE TABLE deny_entries (
    credential_id BLOB NOT NULL CHECK (length(credential_id) = 16),
    account_id    BLOB,
    reason        TEXT NOT NULL,
    denied_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (credential_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deny_entries_by_account ON deny_entries (account_id)
    WHERE account_id IS NOT NULL;
CREATE INDEX deny_entries_by_end ON deny_entries (expires_at);

-- How it came to stand so; the largest version is the list's. Append-only.
CREATE TABLE deny_changes (
    version       INTEGER NOT NULL CHECK (version > 0),
    credential_id BLOB NOT NULL CHECK (length(credential_id) = 16),
    change        TEXT NOT NULL CHECK (change IN ('denied', 'allowed', 'expired')),
    reason        TEXT NOT NULL,
    at            INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (version, credential_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER phones_stay_u BEFORE UPDATE ON phones
    BEGIN SELECT RAISE(ABORT, 'phones is append-only'); END;
CREATE TRIGGER phones_stay_d BEFORE DELETE ON phones
    BEGIN SELECT RAISE(ABORT, 'phones is append-only'); END;
CREATE TRIGGER issuances_stay_u BEFORE UPDATE ON issuances
    BEGIN SELECT RAISE(ABORT, 'issuances is append-only'); END;
CREATE TRIGGER issuances_stay_d BEFORE DELETE ON issuances
    BEGIN SELECT RAISE(ABORT, 'issuances is append-only'); END;
CREATE TRIGGER deny_changes_stay_u BEFORE UPDATE ON deny_changes
    BEGIN SELECT RAISE(ABORT, 'deny_changes is append-only'); END;
CREATE TRIGGER deny_changes_stay_d BEFORE DELETE ON deny_changes
    BEGIN SELECT RAISE(ABORT, 'deny_changes is append-only'); END;
