-- What status pages call a window; one that has no such words is not shown there.
ALTER TABLE maintenance ADD COLUMN public_title TEXT;

-- An incident as a status page shows it.
CREATE TABLE status_post (
    id          UUID PRIMARY KEY,
    page_id     UUID NOT NULL,
    incident_id UUID NOT NULL,
    title       TEXT NOT NULL,
    stage       TEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    resolved_at BIGINT,
    UNIQUE (page_id, incident_id)
);
CREATE INDEX status_post_incident ON status_post (incident_id);
CREATE INDEX status_post_page ON status_post (page_id, updated_at);

-- What was said of it there.
CREATE TABLE status_update (
    id      UUID PRIMARY KEY,
    post_id UUID NOT NULL,
    at      BIGINT NOT NULL,
    stage   TEXT NOT NULL,
    text    TEXT NOT NULL,
    told_to UUID
);
CREATE INDEX status_update_post ON status_update (post_id, id);

-- Whoever outside hears of it.
CREATE TABLE status_subscriber (
    id           UUID PRIMARY KEY,
    page_id      UUID NOT NULL,
    channel      TEXT NOT NULL,
    address      TEXT NOT NULL,
    token_hash   BYTEA NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    asked_at     BIGINT NOT NULL,
    confirmed_at BIGINT,
    UNIQUE (page_id, channel, address)
);
CREATE INDEX status_subscriber_confirmed ON status_subscriber (page_id, id)
    WHERE confirmed_at IS NOT NULL;
