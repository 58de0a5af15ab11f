-- Texts are bytes here: any byte may come in them, a NUL among them, and lists are
-- in the order of bytes whatever the collation and the encoding of the database are.
-- Every key of a customer begins with her id, whose first byte is her partition.

-- Whose the store is: the owner is a number drawn by each program that opens it, by
-- which it knows itself again after its connection broke; who is for people.
create table state (
	one      smallint primary key check (one = 1),
	position bigint not null,
	epoch    bigint not null,
	at       bigint not null,
	owner    uuid not null,
	who      bytea not null
);
insert into state values (1, 0, 0, 0, '00000000-0000-0000-0000-000000000000', '');

-- A record is written over and over, mostly without a new wake-up: with room left in
-- each page that touches no index.
create table record (
	customer uuid primary key,
	wake     bigint not null,
	data     bytea not null,
	paged    boolean not null
) with (fillfactor = 80);
create index record_wake on record (wake, customer) where wake < 9223372036854775807;

create table page (
	customer uuid not null,
	number   bigint not null,
	data     bytea not null,
	primary key (customer, number)
);

create table identifier (
	key  uuid primary key,
	data bytea not null
);

create table address (
	kind     bytea not null,
	value    bytea not null,
	customer uuid not null,
	primary key (kind, value, customer)
);

-- firsts holds the first customer of each block, 16 bytes each, so that the right
-- block is found without reading the others. Block i of chunk c is number c * 2^20 + i.
create table chunk (
	number    bigint primary key,
	at        bigint not null,
	workspace bigint not null,
	events    bigint not null,
	firsts    bytea not null
);
create index chunk_at on chunk (at, number);

create table block (
	number bigint primary key,
	events bigint not null,
	data   bytea not null
);

create table message (
	id           uuid primary key,
	customer     uuid not null,
	journey      bytea not null,
	version      bigint not null,
	run          bigint not null,
	step         bytea not null,
	template     bytea not null,
	channel      bytea not null,
	class        bigint not null,
	status       bigint not null,
	address      bytea not null,
	subject      bytea not null,
	created_at   bigint not null,
	due_at       bigint not null,
	useful_until bigint not null,
	handed_at    bigint not null,
	attempts     bigint not null,
	reason       bytea not null,
	entry        bytea not null,
	purpose      bytea not null,
	learned      bytea not null,
	topic        bytea not null
);
create index message_created on message (created_at, id);
create index message_customer on message (customer, created_at, id);
create index message_journey on message (journey, created_at, id);
create index message_lane on message (channel, least(class, 3), due_at, id) where status = 1;
create index message_notable on message (status, created_at, id) where status in (2, 3, 6, 7, 8);

create table content (
	message uuid primary key,
	at      bigint not null,
	subject bytea not null,
	html    bytea not null,
	text    bytea not null
);

create table decision (
	n         bigint generated always as identity,
	customer  uuid not null,
	journey   bytea not null,
	step      bytea not null,
	outcome   bytea not null,
	at        bigint not null,
	message   uuid not null,
	checks    bytea not null,
	change    bytea not null,
	workspace bigint not null,
	primary key (customer, at, n)
);

create table counter (
	name   bytea not null,
	bucket bigint not null,
	total  bigint not null,
	primary key (name, bucket)
) with (fillfactor = 50);

create table mark (
	name bytea primary key,
	data bytea not null
);

create table setting (
	name bytea primary key,
	data bytea not null
);

create table version (
	number bigint primary key,
	at     bigint not null,
	key    bytea not null,
	author bytea not null,
	note   bytea not null
);

-- Versions differ in few documents, so each body is kept once, by its SHA-256.
create table body (
	hash bytea primary key,
	data bytea not null
);

create table document (
	version bigint not null,
	place   bigint not null,
	kind    bytea not null,
	name    bytea not null,
	body    bytea not null references body (hash),
	primary key (version, place)
);
