-- Settlement: gates, what they upload, riders' days, ledger, charges. See docs/DATA_MODEL.md.
--
-- Ids are 16 bytes; times microseconds since 1970 in UTC; service days are days since 1970-01-01;
-- money is integer minor units with its currency. Every key names an account or a device.

CREATE TABLE gates (
    device_id  bytea NOT NULL CHECK (length(device_id) = 16),
    gate       bigint NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    stop_id    text,
    route_id   text,
    state      text NOT NULL,
    PRIMARY KEY (device_id)
);

-- How far each device's records are stored without a gap, and where they go on beyond one.
CREATE TABLE device_cursors (
    device_id     bytea NOT NULL,
    epoch         bigint NOT NULL,
    next_seq      bigint NOT NULL,
    stored_beyond bigint CHECK (stored_beyond > next_seq),
    PRIMARY KEY (device_id, epoch)
);

-- Signed envelopes: heads, signature, continuity. Append-only.
CREATE TABLE batches (
    device_id   bytea NOT NULL,
    epoch       bigint NOT NULL,
    next_seq    bigint NOT NULL,
    head_after  bytea NOT NULL,
    first_seq   bigint NOT NULL,
    head_before bytea NOT NULL,
    signature   bytea NOT NULL,
    continuity  text NOT NULL,
    received_at bigint NOT NULL,
    PRIMARY KEY (device_id, epoch, next_seq, head_after, first_seq)
);

-- The records' bytes as signed, one row per run of numbers without a gap; runs never overlap.
-- owners: whose tap each record is. Append-only.
CREATE TABLE device_records (
    device_id   bytea NOT NULL,
    epoch       bigint NOT NULL,
    first_seq   bigint NOT NULL,
    next_seq    bigint NOT NULL CHECK (next_seq > first_seq),
    received_at bigint NOT NULL,
    owners      bytea NOT NULL,
    records     bytea NOT NULL,
    PRIMARY KEY (device_id, epoch, first_seq)
);
-- Signatures do not compress: trying costs more than storing.
ALTER TABLE device_records ALTER COLUMN records SET STORAGE EXTERNAL;
ALTER TABLE device_records ALTER COLUMN owners SET STORAGE EXTERNAL;

-- Records that came under a stored number with other bytes. Append-only.
CREATE TABLE record_conflicts (
    device_id   bytea NOT NULL,
    epoch       bigint NOT NULL,
    seq         bigint NOT NULL,
    digest      bytea NOT NULL,
    record      bytea NOT NULL,
    received_at bigint NOT NULL,
    PRIMARY KEY (device_id, epoch, seq, digest)
);

-- Records that cannot be charged and wait for a human. Append-only.
CREATE TABLE quarantine (
    device_id   bytea NOT NULL,
    epoch       bigint NOT NULL,
    seq         bigint NOT NULL,
    reason      text NOT NULL,
    detail      text NOT NULL,
    record      bytea NOT NULL,
    received_at bigint NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
);

-- Taps that a gate refused: counted and shown, never priced. Append-only.
CREATE TABLE refused_taps (
    device_id   bytea NOT NULL,
    epoch       bigint NOT NULL,
    seq         bigint NOT NULL,
    tap_id      bytea NOT NULL,
    account_id  bytea,
    service_day integer NOT NULL,
    at          bigint NOT NULL,
    kind        bigint NOT NULL,
    stop_id     text NOT NULL,
    route_id    text,
    decision    bigint NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
);
CREATE INDEX refused_taps_by_account ON refused_taps (account_id, service_day)
    WHERE account_id IS NOT NULL;

-- Notes whose tap is not here yet; the note's own record is in device_records.
CREATE TABLE waiting_notes (
    device_id bytea NOT NULL,
    epoch     bigint NOT NULL,
    seq       bigint NOT NULL,
    outcome   bigint NOT NULL CHECK (outcome IN (1, 2, 3)),
    PRIMARY KEY (device_id, epoch, seq)
);

-- Rows of outside files, as they came. Append-only.
CREATE TABLE file_taps (
    tap_id       bytea NOT NULL,
    digest       bytea NOT NULL,
    tap_text     text NOT NULL,
    account_text text NOT NULL,
    device_text  text NOT NULL,
    received_at  bigint NOT NULL,
    PRIMARY KEY (tap_id)
);

-- Words that packed columns name by number. Append-only.
CREATE TABLE names (
    name_id bigint GENERATED ALWAYS AS IDENTITY,
    name    bytea NOT NULL,
    PRIMARY KEY (name_id),
    UNIQUE (name)
);

-- Whoever settles or charges days of a shard of accounts holds its row.
CREATE TABLE shards (
    shard smallint NOT NULL,
    PRIMARY KEY (shard)
);
INSERT INTO shards (shard) SELECT generate_series(0, 31);

-- Taps and notes that wait to be merged into their riders' days: the worker's queue.
CREATE TABLE new_taps (
    service_day integer NOT NULL,
    shard       smallint NOT NULL,
    device_id   bytea NOT NULL,
    parcel      bigint GENERATED ALWAYS AS IDENTITY,
    items       integer NOT NULL,
    packed      bytea NOT NULL,
    PRIMARY KEY (service_day, shard, device_id, parcel)
);
ALTER TABLE new_taps ALTER COLUMN packed SET STORAGE EXTERNAL;

-- A rider's day: its taps, and what they came to when it was settled last.
CREATE TABLE rider_days (
    account_id  bytea NOT NULL,
    service_day integer NOT NULL,
    shard       smallint NOT NULL,
    taps        smallint NOT NULL,
    journeys    smallint NOT NULL,
    incomplete  smallint NOT NULL,
    unpriced    smallint NOT NULL,
    revision    integer NOT NULL,
    fares_minor bigint NOT NULL CHECK (fares_minor >= 0),
    currency    text NOT NULL,
    flagged     text[],
    packed_taps bytea NOT NULL,
    statement   bytea NOT NULL,
    PRIMARY KEY (account_id, service_day)
) PARTITION BY RANGE (service_day);
CREATE INDEX rider_days_by_shard ON rider_days (shard);

-- What was charged for a rider's day, and whether it is closed.
CREATE TABLE charged_days (
    account_id      bytea NOT NULL,
    service_day     integer NOT NULL,
    charge_revision integer NOT NULL,
    closed          boolean NOT NULL,
    charged_minor   bigint NOT NULL CHECK (charged_minor >= 0),
    PRIMARY KEY (account_id, service_day)
);

-- Days to settle again though no tap of theirs is new: their windows or codes have changed.
CREATE TABLE dirty_days (
    account_id  bytea NOT NULL,
    service_day integer NOT NULL,
    shard       smallint NOT NULL,
    PRIMARY KEY (account_id, service_day)
);
CREATE INDEX dirty_days_in_order ON dirty_days (service_day, shard);

-- On which days a code was used that may be used on several.
CREATE TABLE code_days (
    account_id    bytea NOT NULL,
    credential_id bytea NOT NULL,
    code_slot     bigint NOT NULL,
    service_day   integer NOT NULL,
    PRIMARY KEY (account_id, credential_id, code_slot, service_day)
);

-- The ledger: what one transaction posted for an account, with the account's balances after it,
-- chained to the page before by a hash. Append-only.
CREATE TABLE ledger_pages (
    account_id    bytea NOT NULL,
    page          integer NOT NULL,
    service_day   integer NOT NULL,
    debits_minor  bigint NOT NULL,
    credits_minor bigint NOT NULL,
    currency      text NOT NULL,
    entries       bytea NOT NULL,
    balances      bytea NOT NULL,
    head          bytea NOT NULL CHECK (length(head) = 32),
    PRIMARY KEY (account_id, page)
);

-- Charges and credits. Append-only but for the state.
CREATE TABLE charges (
    account_id   bytea NOT NULL,
    service_day  integer NOT NULL,
    revision     integer NOT NULL,
    charge_id    bytea NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    currency     text NOT NULL,
    state        text NOT NULL,
    at           bigint NOT NULL,
    because      text NOT NULL,
    PRIMARY KEY (account_id, service_day, revision)
);

CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['batches', 'device_records', 'record_conflicts', 'quarantine',
        'refused_taps', 'file_taps', 'names', 'ledger_pages']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION stays()', name || '_stay', name);
    END LOOP;
END $$;
CREATE TRIGGER charges_stay BEFORE DELETE OR TRUNCATE OR UPDATE OF
    account_id, service_day, revision, charge_id, amount_minor, currency, at, because ON charges
    FOR EACH STATEMENT EXECUTE FUNCTION stays();
