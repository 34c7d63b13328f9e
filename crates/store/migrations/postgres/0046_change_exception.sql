-- Kinds of changes that are held to less than their row of the matrix asks for.
CREATE TABLE change_exception (
    id              uuid    NOT NULL PRIMARY KEY,
    number          bigint NOT NULL UNIQUE,
    team_id         uuid    NOT NULL,
    class           text    NOT NULL,
    service_id      uuid,
    row_name        text    NOT NULL,
    justification   text    NOT NULL,
    nominator_id    uuid    NOT NULL,
    nominated_at    bigint NOT NULL,
    manager_id      uuid,
    manager_at      bigint,
    owner_id        uuid,
    owner_at        bigint,
    review_at       bigint,
    ending          text,
    ended_by        text,
    ended_reason    text,
    ended_incident  uuid,
    ended_at        bigint,
    is_announced    boolean NOT NULL
);
CREATE INDEX change_exception_class ON change_exception (class, ending);

-- The exception that a change was held to, by its number.
ALTER TABLE change ADD COLUMN exception bigint;
CREATE INDEX change_under_exception ON change (exception, state);
CREATE INDEX change_begins ON change (coalesce(started_at, start_at), number);
CREATE INDEX change_runs ON change (class, service_id, closed_at);

INSERT INTO counter (name, value) VALUES ('change_exception', 0);
