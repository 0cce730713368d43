-- Today's prefix of the addresses; null where no daemon has kept one yet.
select {todays_url} as url
