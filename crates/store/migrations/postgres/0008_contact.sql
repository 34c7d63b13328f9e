-- How people are reached, as far as they see to it themselves, and what comes back from phones.
-- Times are microseconds since 1970 in UTC.

-- Contact methods beside those of the configuration. The address is sealed with the installation's
-- key.
CREATE TABLE contact_method (
    id          UUID PRIMARY KEY,
    user_id     UUID NOT NULL,
    name        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    address     BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    verified_at BIGINT,
    CONSTRAINT contact_method_name UNIQUE (user_id, name)
);

-- The code that is on its way to a method; one at a time. It is derived from the instant and kept
-- nowhere.
CREATE TABLE contact_code (
    method_id  UUID PRIMARY KEY,
    sent_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,
    sent       BIGINT NOT NULL
);

-- Methods, also of the configuration, that get nothing: the person wrote STOP, or the address is
-- gone.
CREATE TABLE contact_block (
    method_id UUID PRIMARY KEY,
    reason    TEXT NOT NULL,
    at        BIGINT NOT NULL
);

-- What a person chose instead of what the configuration says; quiet hours in minutes of the day.
CREATE TABLE preference (
    user_id    UUID PRIMARY KEY,
    language   TEXT,
    quiet_from BIGINT,
    quiet_to   BIGINT,
    updated_at BIGINT NOT NULL
);

CREATE TABLE notification_rule (
    user_id   UUID NOT NULL,
    urgency   TEXT NOT NULL,
    position  BIGINT NOT NULL,
    after_us  BIGINT NOT NULL,
    method_id UUID NOT NULL,
    PRIMARY KEY (user_id, urgency, position)
);

-- Calls of providers that were dealt with: the same one again changes nothing.
CREATE TABLE callback_seen (
    provider  TEXT NOT NULL,
    reference TEXT NOT NULL,
    at        BIGINT NOT NULL,
    words     TEXT,
    PRIMARY KEY (provider, reference)
);
CREATE INDEX callback_seen_at ON callback_seen (at);

-- What became of a message after its provider took it.
CREATE TABLE receipt (
    delivery_id UUID NOT NULL,
    status      TEXT NOT NULL,
    at          BIGINT NOT NULL,
    failed      BOOLEAN NOT NULL,
    detail      TEXT,
    PRIMARY KEY (delivery_id, status)
);

-- Calls and texts that asked for somebody on call. Callers are kept as digests.
CREATE TABLE call_in (
    id          UUID PRIMARY KEY,
    provider    TEXT NOT NULL,
    caller      BYTEA NOT NULL,
    user_id     UUID,
    service_id  UUID,
    incident_id UUID,
    at          BIGINT NOT NULL
);
CREATE INDEX call_in_at ON call_in (at);
CREATE INDEX call_in_incident ON call_in (incident_id);
