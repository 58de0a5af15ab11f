-- Most messages leave with the batch that decides them. What is known of such a one by then
-- is written once: its decision in its own row, what nobody looks it up by in two values, and
-- no entries of indexes that are gone again a moment later or can be done without.

alter table message rename to message_before;
drop index message_id;
drop index message_customer;
drop index message_journey;
drop index message_lane;
drop index message_notable;

-- born and life are as message.go encodes them: what never changes of a message, and what does
-- when its life goes on. decided is the decision that made it, as decision.go encodes it;
-- empty if it stands in the table of decisions or there was none.
create table message (
	created_at integer not null,
	id         blob not null,
	customer   blob not null,
	journey    text not null,
	channel    text not null,
	class      integer not null,
	status     integer not null,
	due_at     integer not null,
	born       blob not null,
	decided    blob not null,
	life       blob not null,
	primary key (created_at, id)
) strict, without rowid;
create index message_customer on message (customer, created_at, id);
create index message_journey on message (journey, created_at, id);
create index message_lane on message (channel, min(class, 3), due_at, id) where status = 1;
create index message_notable on message (status, created_at, id) where status = 2 or status = 6 or status = 7 or status = 8;

-- How many messages hold a decision.
alter table state add column decided integer not null default 0;

-- An id begins with the instant at which its message was created, in six bytes, so the
-- message is found by its key. For ids that do not, odd_message has that instant.
create table odd_message (
	id         blob not null primary key,
	created_at integer not null
) strict, without rowid;
insert into odd_message select id, created_at from message_before where hex(substr(id, 1, 6)) <> printf('%012X', created_at & 0xffffffffffff);

-- The messages that each batch began to hand over, 24 bytes each: created_at, big endian, and
-- the id. A row is there for as long as one of them is being handed over.
create table attempt (
	batch    integer primary key,
	messages blob not null
) strict;
insert into attempt select 0, unhex(group_concat(printf('%016X', created_at) || hex(id), '')) from message_before where status = 3 having count(*) > 0;
