-- What reports are made of: one row for each turn, without the customer. Rows end after report.keep.
CREATE TABLE turns (
  id         INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,             -- Unix milliseconds
  channel    TEXT NOT NULL,
  message    INTEGER NOT NULL,             -- 1: something the customer sent; 0: the result of a look-up, a follow
  topics     TEXT NOT NULL DEFAULT '',     -- separated by spaces; the first is the topic
  about      TEXT NOT NULL DEFAULT '',     -- of solved and unsolved: what the answer before was about
  confidence REAL NOT NULL DEFAULT 0,
  lang       TEXT NOT NULL DEFAULT '',
  state      TEXT NOT NULL DEFAULT '',
  clarity    TEXT NOT NULL DEFAULT '',     -- low_confidence, unanswered; '' is neither
  lookups    TEXT NOT NULL DEFAULT '',     -- separated by spaces
  wording    TEXT NOT NULL DEFAULT ''      -- masked; only of a message that was not clear
) STRICT;
CREATE INDEX turns_at ON turns (at);
