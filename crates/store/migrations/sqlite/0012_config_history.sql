-- Every version that a document ever had, so that an edit can be merged with what others did in the
-- meantime, undone and restored; and what people have begun to change and not published.

CREATE TABLE config_version (
    kind     TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    revision INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    actor    TEXT   NOT NULL,
    way      TEXT   NOT NULL,
    document TEXT,
    PRIMARY KEY (kind, name, revision)
) STRICT;

-- What was configured before versions were kept has the one that is in force.
INSERT INTO config_version (kind, name, revision, at, actor, way, document)
SELECT o.kind, o.name, o.revision, o.updated_at, COALESCE(r.actor, ''), 'kept', o.document
FROM config_object AS o LEFT JOIN config_revision AS r ON r.revision = o.revision
WHERE o.deleted_at IS NULL;

CREATE TABLE config_draft (
    kind       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    actor      TEXT   NOT NULL,
    base       INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    document   TEXT   NOT NULL,
    PRIMARY KEY (kind, name, actor)
) STRICT;
