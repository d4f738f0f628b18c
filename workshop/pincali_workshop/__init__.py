"""The workshop: what the product is tried on. No egg that a node is given carries it.

- `standin`: a stand-in of the site, with a clock, faults and the truth (`pincali-sync standin`);
- `simulation`: weeks of all four tiers in minutes, held to the truth (`pincali-sync simulate`);
- `demo`: the main job from nothing to a compared result (`make demo`);
- `stack`: PostgreSQL and Scrapyd in the background (`make up`, `make down`), and the egg.

The two commands reach `pincali-sync` by the entry points in `workshop/pyproject.toml`.
"""
