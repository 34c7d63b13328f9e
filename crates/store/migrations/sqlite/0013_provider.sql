-- Who carried a message, and the carrier's own name for it.
ALTER TABLE delivery ADD COLUMN provider TEXT;
ALTER TABLE delivery ADD COLUMN reference TEXT;
ALTER TABLE delivery_attempt ADD COLUMN provider TEXT;

-- Several pages of one person that went out in one message, with the one link that answers them.
CREATE TABLE digest (
    id         BLOB PRIMARY KEY,
    user_id    BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    token_hash BLOB NOT NULL UNIQUE
) STRICT;
CREATE TABLE digest_page (
    digest_id BLOB NOT NULL,
    page_id   BLOB NOT NULL,
    PRIMARY KEY (digest_id, page_id)
) STRICT, WITHOUT ROWID;
