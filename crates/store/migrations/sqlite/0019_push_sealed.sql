-- Whether the keys of a browser are sealed with the installation's key. Those that stand here already
-- are not; the program seals them when it starts, for the database cannot.
ALTER TABLE push_device ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
