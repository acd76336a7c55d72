-- Which message a passive answer was the response to. It need not be the one that it answers: what was held and what came by itself go out with the next.
ALTER TABLE outbox ADD COLUMN answers INTEGER REFERENCES inbox (id);
UPDATE outbox SET answers = (SELECT inbox_id FROM replies r WHERE r.id = reply_id) WHERE receipt = 'passive';
CREATE INDEX outbox_answers ON outbox (answers) WHERE answers IS NOT NULL;
