-- A record of somebody busy is kept in parts: what changes with every event in
-- record, older points of her facts in pages. Readers of a record look for pages
-- only where it says that there are some.

alter table record add column paged integer not null default 0;

create table page (
	customer blob not null,
	number   integer not null,
	data     blob not null,
	primary key (customer, number)
) strict, without rowid;
