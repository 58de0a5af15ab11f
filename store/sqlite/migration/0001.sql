-- Every key of a customer begins with her id, whose first byte is her partition.

create table state (
	one      integer primary key check (one = 1),
	position integer not null,
	epoch    integer not null,
	at       integer not null
) strict;
insert into state values (1, 0, 0, 0);

-- Records lie in the order in which customers were first met, not by id: the
-- table stays dense, and only the small index is written at random places.
create table record (
	n        integer primary key,
	customer blob not null unique,
	wake     integer not null,
	data     blob not null
) strict;
create index record_wake on record (wake, customer) where wake < 9223372036854775807;

create table identifier (
	key  blob not null primary key,
	data blob not null
) strict, without rowid;

create table address (
	kind     text not null,
	value    text not null,
	customer blob not null,
	primary key (kind, value, customer)
) strict, without rowid;
create index address_customer on address (customer);

-- firsts holds the first customer of each block, 16 bytes each, so that the
-- right block is found without reading the others. Block i of chunk c is
-- number c * 2^20 + i.
create table chunk (
	number    integer primary key,
	at        integer not null,
	workspace integer not null,
	events    integer not null,
	firsts    blob not null
) strict;
create index chunk_at on chunk (at);

create table block (
	number integer primary key,
	events integer not null,
	data   blob not null
) strict;

-- A message is written about three times in its life and read seldom: it lies
-- where it was created, and what changes is only in indexes that hold few rows.
create table message (
	created_at   integer not null,
	id           blob not null,
	customer     blob not null,
	journey      text not null,
	version      integer not null,
	run          integer not null,
	step         text not null,
	template     text not null,
	channel      text not null,
	class        integer not null,
	status       integer not null,
	address      text not null,
	subject      text not null,
	due_at       integer not null,
	useful_until integer not null,
	handed_at    integer not null,
	attempts     integer not null,
	reason       text not null,
	entry        blob not null,
	purpose      text not null,
	primary key (created_at, id)
) strict, without rowid;
create unique index message_id on message (id);
create index message_customer on message (customer, created_at, id);
create index message_journey on message (journey, created_at, id);
create index message_due on message (class <> 1, due_at, id) where status = 1;
create index message_notable on message (status, created_at, id) where status = 2 or status = 3 or status = 6 or status = 7 or status = 8;

create table content (
	n       integer primary key,
	message blob not null unique,
	at      integer not null,
	subject text not null,
	html    text not null,
	text    text not null
) strict;

create table decision (
	n         integer primary key,
	customer  blob not null,
	journey   text not null,
	step      text not null,
	outcome   text not null,
	at        integer not null,
	message   blob not null,
	checks    text not null,
	change    text not null,
	workspace integer not null
) strict;
create index decision_customer on decision (customer, at);

create table counter (
	name   text not null,
	bucket integer not null,
	total  integer not null,
	primary key (name, bucket)
) strict, without rowid;

create table mark (
	name text not null primary key,
	data blob not null
) strict, without rowid;

create table setting (
	name text not null primary key,
	data blob not null
) strict, without rowid;

create table version (
	number integer primary key,
	at     integer not null,
	author text not null,
	note   text not null
) strict;

-- Versions differ in few documents, so each body is kept once, by its SHA-256.
create table body (
	hash blob not null primary key,
	data blob not null
) strict;

create table document (
	version integer not null,
	place   integer not null,
	kind    text not null,
	name    text not null,
	body    blob not null references body (hash),
	primary key (version, place)
) strict, without rowid;
