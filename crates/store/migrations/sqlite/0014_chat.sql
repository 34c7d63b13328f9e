-- What somebody replied to is found by its provider's name for the message.
CREATE INDEX delivery_reference ON delivery (reference) WHERE reference IS NOT NULL;
-- How a provider last did.
CREATE INDEX delivery_attempt_provider ON delivery_attempt (provider, outcome, finished_at)
    WHERE provider IS NOT NULL;
