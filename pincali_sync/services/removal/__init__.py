"""Removal, from absence to proof. Its stations lie in the order in which a listing passes them.

`counting`      who is missing: certified scans did not see it, or the sitemap dropped it
`verification`  the pages of the missing are looked at (`looking`), judged (`domain.liveness`), kept
`application`   what is proven gone leaves the live table, or is held for a person
`audit`         some of what was removed is looked at again
`settlement`    where no page tells, a person does

The states and the ways between them are in `domain.listing_status`; one block of SQL writes them
(`db.repositories.removal.transition`).
"""
