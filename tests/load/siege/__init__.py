"""`make siege`: measures how long an honest guest waits during attacks."""
