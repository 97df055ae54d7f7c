"""The Django site the guard's tests run against."""
