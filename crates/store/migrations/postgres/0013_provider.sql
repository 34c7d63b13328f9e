-- Who carried a message, and the carrier's own name for it.
ALTER TABLE delivery ADD COLUMN provider TEXT;
ALTER TABLE delivery ADD COLUMN reference TEXT;
ALTER TABLE delivery_attempt ADD COLUMN provider TEXT;

-- Several pages of one person that went out in one message, with the one link that answers them.
CREATE TABLE digest (
    id         UUID PRIMARY KEY,
    user_id    UUID NOT NULL,
    created_at BIGINT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE
);
CREATE TABLE digest_page (
    digest_id UUID NOT NULL,
    page_id   UUID NOT NULL,
    PRIMARY KEY (digest_id, page_id)
);
