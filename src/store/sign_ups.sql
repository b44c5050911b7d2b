-- Signing up and leaving for good, letters with HTML, and what keeps forms from being abused.

ALTER TABLE letters ADD COLUMN html TEXT;
ALTER TABLE letters ADD COLUMN unsubscribe_url TEXT;  -- List-Unsubscribe (RFC 8058)
ALTER TABLE letters ADD COLUMN file_name TEXT;        -- what is attached
ALTER TABLE letters ADD COLUMN file_text TEXT;
ALTER TABLE letters ADD COLUMN subscriber_id BIGINT;  -- the reader it is for; null for editors
CREATE INDEX letters_by_subscriber ON letters (subscriber_id);

ALTER TABLE subscribers ADD COLUMN paused_until BIGINT;
ALTER TABLE subscribers ADD COLUMN erased_at BIGINT;  -- set when nothing but the row's number is left

-- What somebody asked for with a form, and whether the owner of the address said yes: the record of consent. A form
-- writes a row as `asked`, the same for every address; what becomes of it is decided behind the request's back.
CREATE TABLE sign_ups (
    id             {id},
    kind           TEXT   NOT NULL CHECK (kind IN ('sign-up', 'new-address')),
    state          TEXT   NOT NULL CHECK (state IN ('asked', 'mailed', 'passed-over', 'confirmed')),
    email          TEXT   NOT NULL,
    email_key      TEXT   NOT NULL,
    name           TEXT,
    timezone       TEXT,
    subscriber_id  BIGINT REFERENCES subscribers (id),
    words          TEXT   NOT NULL,      -- what the form said to whoever filled it in
    origin         TEXT   NOT NULL,      -- 'site', or the origin of another site
    asked_at       BIGINT NOT NULL,
    asked_from     TEXT,                 -- the network address, as `sign_up.record_address` has it
    expires_at     BIGINT NOT NULL,
    confirmed_at   BIGINT,
    confirmed_from TEXT
);
CREATE INDEX sign_ups_asked ON sign_ups (id) WHERE state = 'asked';
CREATE INDEX sign_ups_by_address ON sign_ups (email_key, asked_at);
CREATE INDEX sign_ups_by_subscriber ON sign_ups (subscriber_id);

-- How often something was done in an hour or a day, for limits that hold across processes. Names are keyed digests.
CREATE TABLE quotas (
    bucket     TEXT   NOT NULL,
    begins_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    taken      BIGINT NOT NULL,
    PRIMARY KEY (bucket, begins_at)
);
CREATE INDEX quotas_by_end ON quotas (ends_at);

-- Addresses that no import brings back, though nothing else is known of them: keyed digests.
CREATE TABLE erased_addresses (
    digest    TEXT   PRIMARY KEY,
    erased_at BIGINT NOT NULL
);
