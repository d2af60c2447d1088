-- Refunds and appeals, their decisions, and the audit trail. Explained in docs/DATA_MODEL.md.

-- All approved refunds of a day, and what of them is credited.
ALTER TABLE charged_days
    ADD COLUMN refunds_minor bigint NOT NULL DEFAULT 0 CHECK (refunds_minor >= 0),
    ADD COLUMN credited_minor bigint NOT NULL DEFAULT 0
        CHECK (credited_minor BETWEEN 0 AND refunds_minor);

-- What was asked: refunds by staff, appeals by riders. Append-only.
CREATE TABLE corrections (
    account_id    bytea NOT NULL CHECK (length(account_id) = 16),
    correction_id bytea NOT NULL CHECK (length(correction_id) = 16),
    service_day   integer NOT NULL,
    kind          text NOT NULL,
    subject       text NOT NULL,
    subject_id    bytea NOT NULL CHECK (length(subject_id) = 16),
    amount_minor  bigint NOT NULL CHECK (amount_minor >= 0),
    currency      text NOT NULL,
    reason        text NOT NULL,
    note          text NOT NULL,
    maker         text NOT NULL,
    made_at       bigint NOT NULL,
    PRIMARY KEY (account_id, correction_id)
);
CREATE INDEX corrections_by_id ON corrections (correction_id);
CREATE INDEX corrections_in_order ON corrections (made_at, correction_id);

-- What was decided: at most once for each. Append-only.
CREATE TABLE correction_decisions (
    account_id    bytea NOT NULL,
    correction_id bytea NOT NULL,
    verdict       text NOT NULL,
    decided_by    text NOT NULL,
    decided_at    bigint NOT NULL,
    answer        text NOT NULL,
    PRIMARY KEY (account_id, correction_id)
);

-- Who did what to what. Append-only.
CREATE TABLE audit_trail (
    line    bigint GENERATED ALWAYS AS IDENTITY,
    at      bigint NOT NULL,
    who     text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    detail  text NOT NULL,
    PRIMARY KEY (line)
);

-- Finds a charge by what a statement calls it.
CREATE INDEX charges_by_id ON charges (charge_id);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['corrections', 'correction_decisions', 'audit_trail']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION stays()', name || '_stay', name);
    END LOOP;
END $$;
