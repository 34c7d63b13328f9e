-- What status pages call a window; one that has no such words is not shown there.
ALTER TABLE maintenance ADD COLUMN public_title TEXT;

-- An incident as a status page shows it.
CREATE TABLE status_post (
    id          BLOB PRIMARY KEY,
    page_id     BLOB NOT NULL,
    incident_id BLOB NOT NULL,
    title       TEXT NOT NULL,
    stage       TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    resolved_at INTEGER,
    UNIQUE (page_id, incident_id)
) STRICT;
CREATE INDEX status_post_incident ON status_post (incident_id);
CREATE INDEX status_post_page ON status_post (page_id, updated_at);

-- What was said of it there.
CREATE TABLE status_update (
    id      BLOB PRIMARY KEY,
    post_id BLOB NOT NULL,
    at      INTEGER NOT NULL,
    stage   TEXT NOT NULL,
    text    TEXT NOT NULL,
    told_to BLOB
) STRICT;
CREATE INDEX status_update_post ON status_update (post_id, id);

-- Whoever outside hears of it.
CREATE TABLE status_subscriber (
    id           BLOB PRIMARY KEY,
    page_id      BLOB NOT NULL,
    channel      TEXT NOT NULL,
    address      TEXT NOT NULL,
    token_hash   BLOB NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    asked_at     INTEGER NOT NULL,
    confirmed_at INTEGER,
    UNIQUE (page_id, channel, address)
) STRICT;
CREATE INDEX status_subscriber_confirmed ON status_subscriber (page_id, id)
    WHERE confirmed_at IS NOT NULL;
