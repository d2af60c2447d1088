-- Payments: what riders owe as one sum per pay window, on its way to a provider and back.
-- Explained in docs/DATA_MODEL.md; ids, times and keys as in 0001.

-- The payment that gathered a charge; NULL where it was given back or set off.
ALTER TABLE charges ADD COLUMN payment_id bytea;
CREATE INDEX charges_pending ON charges (account_id) WHERE state = 'pending';
CREATE INDEX charges_of_payment ON charges (account_id, payment_id)
    WHERE payment_id IS NOT NULL;

-- One row per payment, rewritten with each step; version says which step it is.
CREATE TABLE payments (
    account_id         bytea NOT NULL CHECK (length(account_id) = 16),
    payment_id         bytea NOT NULL CHECK (length(payment_id) = 16),
    window_day         integer NOT NULL,
    revision           bigint NOT NULL,
    provider_id        bytea NOT NULL CHECK (length(provider_id) = 16),
    payer              text,
    currency           text NOT NULL,
    amount_minor       bigint NOT NULL CHECK (amount_minor > 0),
    give_back_minor    bigint NOT NULL CHECK (give_back_minor BETWEEN 0 AND amount_minor),
    made_at            bigint NOT NULL,
    stage              text NOT NULL,
    due_at             bigint,
    request_what       text,
    request_number     bigint,
    request_minor      bigint,
    request_from       text,
    request_first_sent bigint,
    request_sent       bigint,
    requests           bigint NOT NULL,
    asked              boolean NOT NULL,
    failed             text NOT NULL,
    collected_minor    bigint NOT NULL,
    given_back_minor   bigint NOT NULL,
    charged_back_minor bigint NOT NULL,
    entries            bigint NOT NULL,
    version            bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (account_id, payment_id)
);
CREATE INDEX payments_by_id ON payments (payment_id);
CREATE INDEX payments_due ON payments (due_at, payment_id) WHERE due_at IS NOT NULL;
CREATE TRIGGER payments_stay BEFORE DELETE OR TRUNCATE OR UPDATE OF account_id, payment_id,
    window_day, revision, provider_id, payer, currency, amount_minor, made_at ON payments
    FOR EACH STATEMENT EXECUTE FUNCTION stays();

-- How riders pay.
CREATE TABLE payment_profiles (
    account_id  bytea NOT NULL CHECK (length(account_id) = 16),
    provider_id bytea NOT NULL CHECK (length(provider_id) = 16),
    pay_window  text NOT NULL,
    customer    text,
    mandate     text,
    signed_day  integer,
    holder      text,
    iban        text,
    changed_at  bigint NOT NULL,
    PRIMARY KEY (account_id)
);

-- Orders that we keep the book of ourselves: drawn from a prepaid balance, or invoiced by a bank.
-- A top-up is an order of number 0 that gives to the balance.
CREATE TABLE book_orders (
    account_id bytea NOT NULL CHECK (length(account_id) = 16),
    payment_id bytea NOT NULL CHECK (length(payment_id) = 16),
    number     bigint NOT NULL,
    book       text NOT NULL CHECK (book IN ('prepaid', 'invoice')),
    what       text NOT NULL,
    minor      bigint NOT NULL CHECK (minor > 0),
    currency   text NOT NULL,
    word       text NOT NULL,
    code       text NOT NULL,
    file       text,
    PRIMARY KEY (account_id, payment_id, number)
);
CREATE INDEX book_orders_by_file ON book_orders (file) WHERE book = 'invoice';
CREATE INDEX book_orders_by_payment ON book_orders (payment_id, number);
CREATE TRIGGER book_orders_stay BEFORE DELETE OR TRUNCATE OR UPDATE OF account_id, payment_id,
    number, book, what, minor, currency ON book_orders
    FOR EACH STATEMENT EXECUTE FUNCTION stays();

-- A code may be denied for debt and by staff: each takes off what it put there.
ALTER TABLE deny_entries ADD COLUMN cause text NOT NULL DEFAULT 'staff'
    CHECK (cause IN ('staff', 'debt'));
ALTER TABLE deny_entries ALTER COLUMN cause DROP DEFAULT;
ALTER TABLE deny_entries DROP CONSTRAINT deny_entries_pkey;
ALTER TABLE deny_entries ADD PRIMARY KEY (credential_id, cause);
