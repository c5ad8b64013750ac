-- Waveforms of recordings, made when somebody asked for one, written by `freshet api`. They are of the file
-- that the work had then: with another one they are made anew.
create table audio_peaks (
  identifier uuid primary key,  -- of `audio`; `rebuild postgres` changes that table for another
  of_url char(32) not null,  -- md5
  peaks json not null,       -- numbers from 0 to 1
  made_at timestamptz not null default now()
);

-- What was made of a work's content goes with it.
create function drop_audio_peaks() returns trigger language plpgsql security definer set search_path from current as $$
begin
  delete from audio_peaks where identifier = new.identifier;
  return null;
end
$$;

create trigger audio_peaks_of_blocked after update on audio
  for each row when (new.status = 'blocked' and old.status <> 'blocked')
  execute function drop_audio_peaks();
