-- What a message is about, which its reader may leave by itself.
alter table message add column topic text not null default '';
