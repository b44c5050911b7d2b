-- Whose a letter is, in every spelling of the address; and moves to another address, which can be undone.

ALTER TABLE letters ADD COLUMN recipient_key TEXT;  -- as `email_key`
-- The key ends the cause; in it and in the recipient what stands before the first @ is of one length.
UPDATE letters SET recipient_key = CASE
    WHEN {position}(cause, '@') >= {position}(recipient, '@') AND {position}(recipient, '@') > 0
        THEN substr(cause, {position}(cause, '@') - {position}(recipient, '@') + 1)
    ELSE lower(recipient) END;
CREATE INDEX letters_by_recipient ON letters (recipient_key);

-- Of a new address that was confirmed: the one before, and when its owner, or the operator, took it back.
ALTER TABLE sign_ups ADD COLUMN former TEXT;
ALTER TABLE sign_ups ADD COLUMN former_key TEXT;
ALTER TABLE sign_ups ADD COLUMN put_back_at BIGINT;
CREATE INDEX sign_ups_by_former ON sign_ups (former_key);

-- With which of these a comment first went to another address than the one it was written under.
ALTER TABLE comments ADD COLUMN moved_by BIGINT;
