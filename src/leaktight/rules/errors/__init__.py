"""Rules about error reports, exceptions and the decorators that mask them."""
