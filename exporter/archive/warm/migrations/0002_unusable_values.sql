-- A JSON array of the features of which a value was there and could not be used; null in nearly every row.
ALTER TABLE infranaut.predictions ADD COLUMN unusable text;
