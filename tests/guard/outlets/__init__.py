"""The ways out of a Django site, one by one: each leaks without the guard and is closed by it."""
