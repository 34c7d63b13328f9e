-- What somebody replied to is found by its provider's name for the message.
CREATE INDEX delivery_reference ON delivery (reference) WHERE reference IS NOT NULL;
