-- Who makes a version is proved by a key; a name beside it is only said. So far the
-- column held what proved it.
alter table version add column key text not null default '';
update version set key = author, author = '';
