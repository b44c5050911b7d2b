-- Articles that are taken off the public pages, by whom and why; without `restored_at` they are off. Whoever got the mail has it.
CREATE TABLE withdrawals (
    slug        TEXT   {bytewise} PRIMARY KEY,
    at          BIGINT NOT NULL,
    who         TEXT   NOT NULL,
    reason      TEXT,
    restored_at BIGINT
);

-- Editions that were cancelled before anybody got them.
INSERT INTO withdrawals (slug, at, who, reason)
    SELECT h.slug, s.at, s.who, s.reason FROM headlines h JOIN stops s ON s.edition_id = h.edition_id
    WHERE s.course = 'cancelled' AND NOT EXISTS (SELECT 1 FROM deliveries d
        WHERE d.edition_id = s.edition_id AND d.state IN ('sent', 'sending', 'uncertain'));

-- What the public pages are made of.
CREATE VIEW public_articles AS
    SELECT a.id, a.slug, a.edition_key, a.position, a.author_key, a.published_at, a.card, a.body FROM articles a
    WHERE NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.slug = a.slug AND w.restored_at IS NULL);

CREATE VIEW public_headlines AS
    SELECT h.slug, h.edition_id, h.position, h.title, h.url, h.date, h.summary FROM headlines h
    WHERE NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.slug = h.slug AND w.restored_at IS NULL);

-- Of an edition that has nothing else left, nothing is left; one that lacks a part, which its subject may name, is called by what
-- comes first of the rest.
CREATE VIEW public_editions AS
    SELECT e.id, e.key, e.number,
        CASE WHEN EXISTS (SELECT 1 FROM headlines h JOIN withdrawals w ON w.slug = h.slug
                WHERE h.edition_id = e.id AND w.restored_at IS NULL)
            THEN (SELECT h.title FROM public_headlines h WHERE h.edition_id = e.id ORDER BY h.position LIMIT 1)
            ELSE e.subject END AS subject,
        e.frozen_at, e.recipients, e.hash, e.paused_for FROM editions e
    WHERE EXISTS (SELECT 1 FROM public_headlines h WHERE h.edition_id = e.id)
        OR NOT EXISTS (SELECT 1 FROM headlines h WHERE h.edition_id = e.id);
