-- Why a built-in template wrote the letter: one of the user's own failed.
ALTER TABLE letters ADD COLUMN stood_in TEXT;
