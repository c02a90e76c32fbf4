-- What somebody sent lately is summed up when more comes.
CREATE INDEX files_sent ON files (sender, sent_at) WHERE sent_at IS NOT NULL;
