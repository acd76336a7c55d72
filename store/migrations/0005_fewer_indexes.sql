-- Indexes that no query uses: each cost every turn a page more to write.
DROP INDEX inbox_customer;
DROP INDEX replies_inbox;
DROP INDEX outbox_reply;
