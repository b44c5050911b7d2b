-- What of an edition was cut for the mail: how many articles, and the HTML with all of them whole, for the web.
ALTER TABLE editions ADD COLUMN shortened BIGINT;
ALTER TABLE editions ADD COLUMN whole_html TEXT;

ALTER TABLE approvals ADD COLUMN shortened BIGINT;
ALTER TABLE approvals ADD COLUMN whole_html TEXT;
