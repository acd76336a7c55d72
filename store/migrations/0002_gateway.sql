-- What was said (replies) apart from the network's messages it became (outbox), each with a state and receipt of its own; look-ups under way; what a
-- network allows us to send; small state of networks; who has a conversation.
CREATE TABLE replies (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  channel  TEXT NOT NULL,
  customer TEXT NOT NULL,
  inbox_id INTEGER REFERENCES inbox (id), -- the message it follows, NULL when it comes by itself (a finished look-up)
  speaker  TEXT NOT NULL DEFAULT 'bot' CHECK (speaker IN ('bot', 'staff')),
  body     TEXT NOT NULL,                 -- dialog.Reply as JSON
  at       INTEGER NOT NULL
) STRICT;
INSERT INTO replies (id, channel, customer, inbox_id, body, at) SELECT id, channel, customer, inbox_id, body, at FROM outbox;

CREATE TABLE said (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  channel  TEXT NOT NULL,
  customer TEXT NOT NULL,
  inbox_id INTEGER REFERENCES inbox (id),
  reply_id INTEGER REFERENCES replies (id)
) STRICT;
INSERT INTO said (id, channel, customer, inbox_id, reply_id) SELECT id, channel, customer, inbox_id, outbox_id FROM entries;
DROP TABLE entries;
ALTER TABLE said RENAME TO entries;
CREATE INDEX entries_customer ON entries (channel, customer, id);

CREATE TABLE messages (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  reply_id   INTEGER NOT NULL REFERENCES replies (id),
  channel    TEXT NOT NULL,
  customer   TEXT NOT NULL,
  part       TEXT NOT NULL DEFAULT '',   -- bot.Part as JSON; '' is the whole reply
  -- waiting: to be sent at next_at. held: may be sent once the customer has written again. withdrawn: staff took over before it was sent.
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused', 'held', 'withdrawn')),
  attempts   INTEGER NOT NULL DEFAULT 0,
  next_at    INTEGER NOT NULL DEFAULT 0, -- Unix milliseconds
  last_error TEXT NOT NULL DEFAULT '',
  receipt    TEXT NOT NULL DEFAULT '',   -- the network's id of the message; 'passive': went out as the response to the customer's own message
  sent_at    INTEGER
) STRICT;
INSERT INTO messages (id, reply_id, channel, customer, state, attempts, next_at, last_error, sent_at)
  SELECT id, id, channel, customer, state, attempts, next_at, last_error, sent_at FROM outbox;
DROP TABLE outbox;
ALTER TABLE messages RENAME TO outbox;
CREATE INDEX outbox_open ON outbox (channel, customer, id) WHERE state IN ('waiting', 'held');
CREATE INDEX outbox_reply ON outbox (reply_id);
CREATE INDEX replies_inbox ON replies (inbox_id);

-- A look-up that was asked for and whose result is not yet a turn; run again after a crash.
CREATE TABLE lookups (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  channel  TEXT NOT NULL,
  customer TEXT NOT NULL,
  body     TEXT NOT NULL,                -- dialog.CheckDomain as JSON
  at       INTEGER NOT NULL
) STRICT;

CREATE TABLE reach (
  channel  TEXT NOT NULL,
  customer TEXT NOT NULL,
  body     TEXT NOT NULL DEFAULT '{}',   -- bot.Reach as JSON
  blocked  TEXT NOT NULL DEFAULT '',     -- why nothing can be sent; a message of the customer lifts it
  PRIMARY KEY (channel, customer)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  key        TEXT PRIMARY KEY,
  value      TEXT NOT NULL,
  expires_at INTEGER NOT NULL DEFAULT 0  -- Unix milliseconds; 0: never
) STRICT, WITHOUT ROWID;

ALTER TABLE conversations ADD COLUMN owner TEXT NOT NULL DEFAULT 'bot' CHECK (owner IN ('bot', 'staff'));
