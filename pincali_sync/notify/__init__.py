"""Ways to tell people: Apprise, and a ping for whoever watches cron."""
