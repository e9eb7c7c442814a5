"""`make siege`: how long an honest guest waits while others attack."""
