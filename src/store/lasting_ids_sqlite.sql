CREATE TABLE lasting_letters (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    cause           TEXT   NOT NULL UNIQUE,
    recipient       TEXT   NOT NULL,
    subject         TEXT   NOT NULL,
    text            TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'deferred', 'failed', 'uncertain')),
    due_at          BIGINT NOT NULL,
    attempt         BIGINT NOT NULL DEFAULT 0,
    deferrals       BIGINT NOT NULL DEFAULT 0,
    uncertain       BIGINT NOT NULL DEFAULT 0,
    reason          TEXT,
    made_at         BIGINT NOT NULL,
    settled_at      BIGINT,
    owner           TEXT,
    html            TEXT,
    unsubscribe_url TEXT,
    file_name       TEXT,
    file_text       TEXT,
    subscriber_id   BIGINT
);
INSERT INTO lasting_letters SELECT id, cause, recipient, subject, text, state, due_at, attempt, deferrals, uncertain, reason,
    made_at, settled_at, owner, html, unsubscribe_url, file_name, file_text, subscriber_id FROM letters;
DROP TABLE letters;
ALTER TABLE lasting_letters RENAME TO letters;
CREATE INDEX letters_open ON letters (due_at, id) WHERE state IN ('queued', 'deferred');
CREATE INDEX letters_by_subscriber ON letters (subscriber_id);

CREATE TABLE lasting_comments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    slug        TEXT   NOT NULL REFERENCES headlines (slug),
    name        TEXT   NOT NULL,
    email       TEXT   NOT NULL,
    email_key   TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    moderation  TEXT   NOT NULL CHECK (moderation IN ('pending', 'approved', 'rejected')),
    made_at     BIGINT NOT NULL,
    told_at     BIGINT,
    decided_at  BIGINT,
    UNIQUE (slug, fingerprint)
);
INSERT INTO lasting_comments SELECT id, slug, name, email, email_key, text, fingerprint, moderation, made_at, told_at,
    decided_at FROM comments;
DROP TABLE comments;
ALTER TABLE lasting_comments RENAME TO comments;
CREATE INDEX comments_by_article ON comments (slug, moderation, id);
CREATE INDEX comments_by_moderation ON comments (moderation, id);
CREATE INDEX comments_untold ON comments (id) WHERE told_at IS NULL;
CREATE INDEX comments_by_author ON comments (email_key);

CREATE TABLE lasting_sign_ups (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind           TEXT   NOT NULL CHECK (kind IN ('sign-up', 'new-address')),
    state          TEXT   NOT NULL CHECK (state IN ('asked', 'mailed', 'passed-over', 'confirmed')),
    email          TEXT   NOT NULL,
    email_key      TEXT   NOT NULL,
    name           TEXT,
    timezone       TEXT,
    subscriber_id  BIGINT REFERENCES subscribers (id),
    words          TEXT   NOT NULL,
    origin         TEXT   NOT NULL,
    asked_at       BIGINT NOT NULL,
    asked_from     TEXT,
    expires_at     BIGINT NOT NULL,
    confirmed_at   BIGINT,
    confirmed_from TEXT
);
INSERT INTO lasting_sign_ups SELECT id, kind, state, email, email_key, name, timezone, subscriber_id, words, origin, asked_at,
    asked_from, expires_at, confirmed_at, confirmed_from FROM sign_ups;
DROP TABLE sign_ups;
ALTER TABLE lasting_sign_ups RENAME TO sign_ups;
CREATE INDEX sign_ups_asked ON sign_ups (id) WHERE state = 'asked';
CREATE INDEX sign_ups_by_address ON sign_ups (email_key, asked_at);
CREATE INDEX sign_ups_by_subscriber ON sign_ups (subscriber_id)
