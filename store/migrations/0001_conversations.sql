-- From an empty database: conversations, what came in, what goes out.
CREATE TABLE conversations (
  channel    TEXT NOT NULL,
  customer   TEXT NOT NULL,
  body       TEXT NOT NULL,            -- dialog.Conversation as JSON
  updated_at INTEGER NOT NULL,         -- Unix milliseconds
  PRIMARY KEY (channel, customer)
) STRICT, WITHOUT ROWID;

-- One row for each message of a customer; (channel, external_id) folds repeats of a network.
CREATE TABLE inbox (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  channel     TEXT NOT NULL,
  customer    TEXT NOT NULL,
  external_id TEXT NOT NULL,
  body        TEXT NOT NULL,           -- dialog.Message as JSON
  at          INTEGER NOT NULL,
  done_at     INTEGER,                 -- when its turn was saved; NULL: still to do
  UNIQUE (channel, external_id)
) STRICT;
CREATE INDEX inbox_customer ON inbox (channel, customer, id);
CREATE INDEX inbox_open ON inbox (id) WHERE done_at IS NULL;

-- One row for each reply; inbox_id is the message it follows, NULL when it comes by itself (a finished look-up).
CREATE TABLE outbox (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  channel    TEXT NOT NULL,
  customer   TEXT NOT NULL,
  inbox_id   INTEGER REFERENCES inbox (id),
  body       TEXT NOT NULL,            -- dialog.Reply as JSON
  at         INTEGER NOT NULL,
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused')),
  attempts   INTEGER NOT NULL DEFAULT 0,
  next_at    INTEGER NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT '',
  sent_at    INTEGER
) STRICT;
CREATE INDEX outbox_customer ON outbox (channel, customer, id);
CREATE INDEX outbox_waiting ON outbox (next_at) WHERE state = 'waiting';

-- Order of everything said in a conversation, for a page that is loaded again: one number over both directions.
CREATE TABLE entries (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  channel   TEXT NOT NULL,
  customer  TEXT NOT NULL,
  inbox_id  INTEGER REFERENCES inbox (id),
  outbox_id INTEGER REFERENCES outbox (id)
) STRICT;
CREATE INDEX entries_customer ON entries (channel, customer, id);
