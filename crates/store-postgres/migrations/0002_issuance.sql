-- Issuance: accounts, phones, sessions, the record of signatures, the deny list.
-- Explained in docs/DATA_MODEL.md; ids, times and keys as in 0001.
--
-- No private key and no session token is ever in here: only hashes of tokens.

-- Who is charged, and what they may travel as (party: the largest).
CREATE TABLE accounts (
    account_id bytea NOT NULL CHECK (length(account_id) = 16),
    category   bigint NOT NULL CHECK (category BETWEEN 0 AND 255),
    party      bigint NOT NULL CHECK (party BETWEEN 1 AND 255),
    product    bigint NOT NULL CHECK (product BETWEEN 0 AND 65535),
    created_at bigint NOT NULL,
    PRIMARY KEY (account_id)
);

-- Keys that credentials name. A key keeps its account. Append-only.
CREATE TABLE phones (
    public_key    bytea NOT NULL CHECK (length(public_key) = 32),
    account_id    bytea NOT NULL,
    registered_at bigint NOT NULL,
    PRIMARY KEY (public_key)
);

-- One session per phone: SHA-256 of its token.
CREATE TABLE sessions (
    public_key   bytea NOT NULL,
    session_hash bytea NOT NULL CHECK (length(session_hash) = 32),
    expires_at   bigint NOT NULL,
    PRIMARY KEY (public_key)
);
CREATE INDEX sessions_by_hash ON sessions (session_hash);

-- Challenges that were answered, until they would have expired anyway.
CREATE TABLE used_challenges (
    challenge_hash bytea NOT NULL CHECK (length(challenge_hash) = 32),
    expires_at     bigint NOT NULL,
    PRIMARY KEY (challenge_hash)
);
CREATE INDEX used_challenges_by_end ON used_challenges (expires_at);

-- The record of signatures: each row is durable before its signature exists. Append-only.
CREATE TABLE issuances (
    credential_id bytea NOT NULL CHECK (length(credential_id) = 16),
    account_id    bytea NOT NULL CHECK (length(account_id) = 16),
    kid           bytea NOT NULL CHECK (length(kid) = 4),
    kind          bigint NOT NULL CHECK (kind IN (1, 2)), -- 1 credential, 2 ticket
    category      bigint NOT NULL,
    party         bigint NOT NULL,
    product       bigint NOT NULL,
    message_hash  bytea NOT NULL CHECK (length(message_hash) = 32),
    starts_at     bigint NOT NULL,
    expires_at    bigint NOT NULL,
    recorded_at   bigint NOT NULL,
    PRIMARY KEY (credential_id)
);
CREATE INDEX issuances_by_account ON issuances (account_id, expires_at);

-- The deny list as it stands. account_id is NULL for codes that are not ours.
CREATE TABLE deny_entries (
    credential_id bytea NOT NULL CHECK (length(credential_id) = 16),
    account_id    bytea,
    reason        text NOT NULL,
    denied_at     bigint NOT NULL,
    expires_at    bigint NOT NULL,
    PRIMARY KEY (credential_id)
);
CREATE INDEX deny_entries_by_account ON deny_entries (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX deny_entries_by_end ON deny_entries (expires_at);

-- How it came to stand so; the largest version is the list's. Append-only.
CREATE TABLE deny_changes (
    version       bigint NOT NULL CHECK (version > 0),
    credential_id bytea NOT NULL CHECK (length(credential_id) = 16),
    change        text NOT NULL CHECK (change IN ('denied', 'allowed', 'expired')),
    reason        text NOT NULL,
    at            bigint NOT NULL,
    expires_at    bigint NOT NULL,
    PRIMARY KEY (version, credential_id)
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['phones', 'issuances', 'deny_changes']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION stays()', name || '_stay', name);
    END LOOP;
END $$;
