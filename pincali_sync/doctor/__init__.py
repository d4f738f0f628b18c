"""`pincali-sync doctor`: is all well that the program relies on? `checks` lists what that is."""
