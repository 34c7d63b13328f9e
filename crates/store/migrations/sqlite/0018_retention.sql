-- When an integration was last heard of, and its messages alone.
CREATE INDEX inbox_integration ON inbox (integration_id, id);
-- What is forgotten is found without reading what is kept.
CREATE INDEX alert_message_message ON alert_message (message_id);
CREATE INDEX shadow_incident_at ON shadow_incident (first_alert_at);
CREATE INDEX delivery_loose ON delivery (id) WHERE page_id IS NULL AND incident_id IS NULL;
