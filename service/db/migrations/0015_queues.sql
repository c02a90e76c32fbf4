-- Each receiver of events and each channel of messages has its own queue: none waits for another that does not answer.
DROP INDEX webhook_deliveries_next;
CREATE INDEX webhook_deliveries_next ON webhook_deliveries (receiver, next_at, event) WHERE next_at IS NOT NULL;
DROP INDEX messages_next;
CREATE INDEX messages_next ON messages (channel, next_at, id) WHERE next_at IS NOT NULL;
