-- Messages wait in lanes: by channel and by how much they hurry.
drop index message_due;
create index message_lane on message (channel, min(class, 3), due_at, id) where status = 1;
