-- What has been published, for reading on the web. Articles published before this step have a headline only.

CREATE TABLE articles (
    id           {id},
    slug         TEXT   {bytewise} NOT NULL UNIQUE,
    edition_key  TEXT   {bytewise} NOT NULL,
    position     BIGINT NOT NULL,            -- in its edition, from 0
    author_key   TEXT   {bytewise},
    published_at BIGINT NOT NULL,
    card         TEXT   NOT NULL,            -- JSON: what lists say of it
    body         TEXT   NOT NULL             -- JSON: what only its page shows
);
CREATE INDEX articles_in_order ON articles (edition_key, position);
CREATE INDEX articles_by_author ON articles (author_key, edition_key, position);

CREATE TABLE article_tags (
    tag_key     TEXT   {bytewise} NOT NULL,
    edition_key TEXT   {bytewise} NOT NULL,
    position    BIGINT NOT NULL,
    article_id  BIGINT NOT NULL REFERENCES articles (id),
    PRIMARY KEY (tag_key, edition_key, position)
) {clustered};

CREATE INDEX headlines_by_edition ON headlines (edition_id, position);

-- The folded words of each article. The engines differ in how they keep them.
{article_index};
