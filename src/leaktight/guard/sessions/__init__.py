"""Session engines that keep what Django's keep, encrypted: `SESSION_ENGINE = "leaktight.guard.sessions.db"`, or `cache`, `cached_db`, `file`."""
