"""The half that runs a Django project: its addresses are called with canaries, and every way out of its process is watched."""
