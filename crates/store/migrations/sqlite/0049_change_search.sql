-- Changes are searched as everything else is: by their folded texts, and by the incident they are
-- done for. A text that is NULL has not been gone through yet. What stands in the calendar at a time
-- is found in an index.
ALTER TABLE change ADD COLUMN folded TEXT;
ALTER TABLE change ADD COLUMN incident_number INTEGER;
UPDATE change SET incident_number = json_extract(plan, '$.incident');
CREATE INDEX change_unfolded ON change (id) WHERE folded IS NULL;
CREATE INDEX change_incident ON change (incident_number) WHERE incident_number IS NOT NULL;
CREATE INDEX change_planned ON change (state, start_at, end_at, back_at);
