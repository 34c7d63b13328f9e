-- How people are reached, as far as they see to it themselves, and what comes back from phones.
-- Times are microseconds since 1970 in UTC.

-- Contact methods beside those of the configuration. The address is sealed with the installation's
-- key.
CREATE TABLE contact_method (
    id          BLOB PRIMARY KEY,
    user_id     BLOB NOT NULL,
    name        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    address     BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    verified_at INTEGER,
    CONSTRAINT contact_method_name UNIQUE (user_id, name)
) STRICT;

-- The code that is on its way to a method; one at a time. It is derived from the instant and kept
-- nowhere.
CREATE TABLE contact_code (
    method_id  BLOB PRIMARY KEY,
    sent_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    sent       INTEGER NOT NULL
) STRICT;

-- Methods, also of the configuration, that get nothing: the person wrote STOP, or the address is
-- gone.
CREATE TABLE contact_block (
    method_id BLOB PRIMARY KEY,
    reason    TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

-- What a person chose instead of what the configuration says; quiet hours in minutes of the day.
CREATE TABLE preference (
    user_id    BLOB PRIMARY KEY,
    language   TEXT,
    quiet_from INTEGER,
    quiet_to   INTEGER,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE notification_rule (
    user_id   BLOB NOT NULL,
    urgency   TEXT NOT NULL,
    position  INTEGER NOT NULL,
    after_us  INTEGER NOT NULL,
    method_id BLOB NOT NULL,
    PRIMARY KEY (user_id, urgency, position)
) STRICT, WITHOUT ROWID;

-- Calls of providers that were dealt with: the same one again changes nothing.
CREATE TABLE callback_seen (
    provider  TEXT NOT NULL,
    reference TEXT NOT NULL,
    at        INTEGER NOT NULL,
    words     TEXT,
    PRIMARY KEY (provider, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX callback_seen_at ON callback_seen (at);

-- What became of a message after its provider took it.
CREATE TABLE receipt (
    delivery_id BLOB NOT NULL,
    status      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    detail      TEXT,
    PRIMARY KEY (delivery_id, status)
) STRICT, WITHOUT ROWID;

-- Calls and texts that asked for somebody on call. Callers are kept as digests.
CREATE TABLE call_in (
    id          BLOB PRIMARY KEY,
    provider    TEXT NOT NULL,
    caller      BLOB NOT NULL,
    user_id     BLOB,
    service_id  BLOB,
    incident_id BLOB,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX call_in_at ON call_in (at);
CREATE INDEX call_in_incident ON call_in (incident_id);
