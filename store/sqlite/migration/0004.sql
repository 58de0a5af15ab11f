-- What a run had learned on its way when it asked for the message: the answers to
-- its calls and its offer, for rendering.

alter table message add column learned blob not null default x'';
