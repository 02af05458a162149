-- A person sits at one place: else whoever signs in often could take every telephone there is.
delete from seats where exists (select 1 from seats o where o.realm = seats.realm and o.user_id = seats.user_id and (o.taken_at > seats.taken_at or (o.taken_at = seats.taken_at and o.extension > seats.extension)));
drop index seats_user;
create unique index seats_user on seats (realm, user_id);
