-- What is searched: each text without capitals, and its words. Both are made by the program, so that
-- either engine finds the same. A text that is NULL has not been gone through yet.
ALTER TABLE incident ADD COLUMN folded TEXT;
ALTER TABLE alert ADD COLUMN folded TEXT;
ALTER TABLE timeline_entry ADD COLUMN folded TEXT;
CREATE INDEX incident_unfolded ON incident (id) WHERE folded IS NULL;
CREATE INDEX alert_unfolded ON alert (id) WHERE folded IS NULL;
CREATE INDEX timeline_unfolded ON timeline_entry (id) WHERE folded IS NULL;

-- Where each word occurs. Words are compared by their bytes.
CREATE TABLE search_word (
    kind       TEXT NOT NULL,
    word       TEXT COLLATE "C" NOT NULL,
    subject_id UUID NOT NULL,
    PRIMARY KEY (kind, word, subject_id)
);

-- What began within a period.
CREATE INDEX alert_first ON alert (first_at);
