-- The ledger. One text for both engines; {id}, {bytes}, {clustered} and {bytewise} are what differs between them.
-- {bytewise} stands where an order is by bytes, whatever language the database is set to.
-- Times are BIGINT milliseconds since 1970 UTC; dates are TEXT as 2025-11-04.

-- Secrets that sign links in messages. The highest id signs, every one verifies.
CREATE TABLE token_keys (
    id      BIGINT PRIMARY KEY,
    secret  {bytes} NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE subscribers (
    id         {id},
    email      TEXT   NOT NULL,          -- as its owner wrote it
    email_key  TEXT   NOT NULL UNIQUE,   -- lower case, domain as A-labels: one row an address
    name       TEXT,
    timezone   TEXT,
    status     TEXT   NOT NULL CHECK (status IN ('pending', 'active', 'unsubscribed', 'bounced', 'complained')),
    origin     TEXT   NOT NULL,          -- 'example', 'file', 'operator', 'sign-up'
    since      BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX subscribers_by_status ON subscribers (status, id);

-- What went out, frozen: the bytes that every message of the edition is made of.
CREATE TABLE editions (
    id          {id},
    key         TEXT   {bytewise} NOT NULL UNIQUE,
    number      BIGINT NOT NULL UNIQUE,
    subject     TEXT   NOT NULL,
    preheader   TEXT   NOT NULL,
    html        TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    letterhead  TEXT   NOT NULL,         -- JSON: what of the configuration stands in its messages' header
    hash        TEXT   NOT NULL,
    frozen_at   BIGINT NOT NULL,
    recipients  BIGINT NOT NULL
);

-- Pictures by content: the file name is made of its hash.
CREATE TABLE pictures (
    file_name  TEXT PRIMARY KEY,
    media_type TEXT   NOT NULL,
    content    {bytes} NOT NULL
);

CREATE TABLE edition_pictures (
    edition_id BIGINT NOT NULL REFERENCES editions (id),
    position   BIGINT NOT NULL,
    content_id TEXT,                     -- set when it travels in the message
    file_name  TEXT   NOT NULL REFERENCES pictures (file_name),
    PRIMARY KEY (edition_id, position)
);

-- Articles that have gone out, or that count as published before the first edition (edition_id is null).
CREATE TABLE headlines (
    slug       TEXT   {bytewise} PRIMARY KEY,
    edition_id BIGINT REFERENCES editions (id),
    position   BIGINT NOT NULL,
    title      TEXT   NOT NULL,
    url        TEXT   NOT NULL,
    date       TEXT   {bytewise} NOT NULL,
    summary    TEXT
);
CREATE INDEX headlines_by_date ON headlines (date);

-- One row is one delivery is one job.
CREATE TABLE deliveries (
    edition_id    BIGINT NOT NULL REFERENCES editions (id),
    subscriber_id BIGINT NOT NULL REFERENCES subscribers (id),
    state         TEXT   NOT NULL
                  CHECK (state IN ('queued', 'sending', 'sent', 'deferred', 'failed', 'uncertain', 'suppressed')),
    due_at        BIGINT NOT NULL,
    attempt       BIGINT NOT NULL DEFAULT 0,  -- how often it was begun; the fence of its settling
    deferrals     BIGINT NOT NULL DEFAULT 0,  -- how many attempts count towards the back-off
    uncertain     BIGINT NOT NULL DEFAULT 0,  -- how many attempts ended without an answer
    owner         TEXT,                       -- who began it, or has it on lease
    lease_until   BIGINT,
    code          BIGINT,                     -- the last reply
    reason        TEXT,
    settled_at    BIGINT,
    PRIMARY KEY (edition_id, subscriber_id)
) {clustered};
CREATE INDEX deliveries_open ON deliveries (edition_id, due_at, subscriber_id)
    WHERE state IN ('queued', 'deferred');
CREATE INDEX deliveries_sending ON deliveries (edition_id, subscriber_id) WHERE state = 'sending';

-- Every attempt that did not end in `sent`, for ever.
CREATE TABLE attempts (
    edition_id    BIGINT NOT NULL,
    subscriber_id BIGINT NOT NULL,
    attempt       BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL,
    outcome       TEXT   NOT NULL CHECK (outcome IN ('deferred', 'failed', 'not-sent', 'uncertain')),
    code          BIGINT,
    reason        TEXT,
    PRIMARY KEY (edition_id, subscriber_id, attempt)
);

-- Single messages to one person, sent ahead of editions. `cause` names what it is about: one letter a cause.
CREATE TABLE letters (
    id         {id},
    cause      TEXT   NOT NULL UNIQUE,
    recipient  TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    text       TEXT   NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'deferred', 'failed', 'uncertain')),
    due_at     BIGINT NOT NULL,
    attempt    BIGINT NOT NULL DEFAULT 0,
    deferrals  BIGINT NOT NULL DEFAULT 0,
    uncertain  BIGINT NOT NULL DEFAULT 0,
    reason     TEXT,
    made_at    BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX letters_open ON letters (due_at, id) WHERE state IN ('queued', 'deferred');

-- What became of each slot of the schedule that is over.
CREATE TABLE slots (
    date     TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    outcome  TEXT   NOT NULL CHECK (outcome IN ('published', 'empty', 'missed')),
    note     TEXT,
    noted_at BIGINT NOT NULL
);

-- Single facts: `first-start` (milliseconds).
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
