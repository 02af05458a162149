-- Answers stand apart: rows of tokens stay small, and an answer is appended, kept as long as a grace can be, and deleted.
drop index refresh_tokens_answer;
alter table refresh_tokens drop column answer;
alter table refresh_tokens add column answer bigint;
create table refresh_answers (
-- sqlite:  id integer primary key autoincrement,
-- postgres:  id bigint generated always as identity primary key,
  at bigint not null,
-- sqlite:  body blob not null
-- postgres:  body bytea not null
);
create index refresh_answers_at on refresh_answers (at);
