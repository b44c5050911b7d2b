-- What a person decides about an edition before it goes out.

-- Editions as they were approved: the bytes that go out, or none.
CREATE TABLE approvals (
    key         TEXT   {bytewise} PRIMARY KEY,
    subject     TEXT   NOT NULL,
    preheader   TEXT   NOT NULL,
    html        TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    letterhead  TEXT   NOT NULL,   -- JSON, as in editions
    headlines   TEXT   NOT NULL,   -- JSON
    hash        TEXT   NOT NULL,
    frozen_at   BIGINT NOT NULL,
    approved_at BIGINT NOT NULL,
    who         TEXT   NOT NULL
);

-- Their pictures, in order.
CREATE TABLE approval_pictures (
    key        TEXT   {bytewise} NOT NULL REFERENCES approvals (key),
    position   BIGINT NOT NULL,
    content_id TEXT   NOT NULL,
    travels    BIGINT NOT NULL,    -- 1 when it travels in the message
    file_name  TEXT   NOT NULL REFERENCES pictures (file_name),
    PRIMARY KEY (key, position)
);

-- Editions that are held or called off before they go out. No row: the edition goes out.
CREATE TABLE holds (
    key    TEXT   {bytewise} PRIMARY KEY,
    course TEXT   NOT NULL CHECK (course IN ('paused', 'cancelled')),
    at     BIGINT NOT NULL,
    who    TEXT   NOT NULL,
    reason TEXT
);
