-- Most messages leave with the batch that decides them. What is known of such a one by then
-- is written once: its decision in its own row, and no entries of indexes that are gone again
-- a moment later or can be done without.

-- The decision that made a message, as decision.go encodes it; empty if it stands in the
-- table of decisions or there was none. state counts those that are not empty.
alter table message add column decided blob not null default x'';
alter table state add column decided integer not null default 0;

-- An id begins with the instant at which its message was created, in six bytes, so the
-- message is found by its key. For ids that do not, odd_message has that instant.
drop index message_id;
create table odd_message (
	id         blob not null primary key,
	created_at integer not null
) strict, without rowid;
insert into odd_message select id, created_at from message where hex(substr(id, 1, 6)) <> printf('%012X', created_at & 0xffffffffffff);

-- The messages that each batch began to hand over, 24 bytes each: created_at, big endian, and
-- the id. A row is there for as long as one of them is being handed over.
create table attempt (
	batch    integer primary key,
	messages blob not null
) strict;
insert into attempt select 0, unhex(group_concat(printf('%016X', created_at) || hex(id), '')) from message where status = 3 having count(*) > 0;

drop index message_notable;
create index message_notable on message (status, created_at, id) where status = 2 or status = 6 or status = 7 or status = 8;
