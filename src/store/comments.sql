-- What readers say about an article. A text that its author sends twice is one comment.
CREATE TABLE comments (
    id          {id},
    slug        TEXT   {bytewise} NOT NULL REFERENCES headlines (slug),
    name        TEXT   NOT NULL,
    email       TEXT   NOT NULL,         -- never shown on a page
    email_key   TEXT   NOT NULL,
    text        TEXT   NOT NULL,         -- Markdown
    fingerprint TEXT   NOT NULL,         -- of author and text
    moderation  TEXT   NOT NULL CHECK (moderation IN ('pending', 'approved', 'rejected')),
    made_at     BIGINT NOT NULL,
    told_at     BIGINT,                  -- when the moderators were written to
    decided_at  BIGINT,
    UNIQUE (slug, fingerprint)
);
CREATE INDEX comments_by_article ON comments (slug, moderation, id);
CREATE INDEX comments_by_moderation ON comments (moderation, id);
CREATE INDEX comments_untold ON comments (id) WHERE told_at IS NULL;
CREATE INDEX comments_by_author ON comments (email_key);
