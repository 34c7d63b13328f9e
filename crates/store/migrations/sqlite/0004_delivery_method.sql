-- What waits for a contact method or is on its way to it is looked up with every page.
CREATE INDEX delivery_method ON delivery (method_id, state);
DROP INDEX delivery_bundled;
