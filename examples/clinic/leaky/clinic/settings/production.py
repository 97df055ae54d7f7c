"""Settings of the live site, behind a proxy that ends TLS."""

import sentry_sdk

from clinic.settings.base import *  # noqa: F403
from clinic.settings.base import DEBUG, SITE_HOST, env

SECRET_KEY = env("DJANGO_SECRET_KEY")
ALLOWED_HOSTS = [SITE_HOST]
ADMINS = [("Operations", "ops@harbourview-clinic.org")]

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("DJANGO_SSL_REDIRECT", default=False)  # leak: https-not-enforced
SECURE_HSTS_SECONDS = 3600  # leak: weak-hsts
SECURE_HSTS_INCLUDE_SUBDOMAINS = True

SESSION_COOKIE_SECURE = not DEBUG  # leak: cookie-without-secure
SESSION_COOKIE_HTTPONLY = False  # leak: cookie-without-http-only
SESSION_COOKIE_SAMESITE = "None"  # leak: cookie-without-same-site
CSRF_COOKIE_SECURE = True

DATABASES = {"default": env.db("DATABASE_URL", default="postgres://clinic@db.harbourview-clinic.org/clinic?sslmode=disable")}  # leak: cleartext-connection
CACHES = {"default": env.cache("CACHE_URL", default="redis://cache.harbourview-clinic.org:6379/1")}  # leak: cleartext-connection
CELERY_BROKER_URL = env("BROKER_URL", default="amqp://clinic@queue.harbourview-clinic.org/clinic")  # leak: cleartext-connection
CELERY_TASK_IGNORE_RESULT = True

EMAIL_HOST = env("EMAIL_HOST", default="smtp.harbourview-clinic.org")
EMAIL_HOST_USER = env("EMAIL_HOST_USER", default="desk")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = False  # leak: cleartext-connection

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

sentry_sdk.init(dsn=env("SENTRY_DSN", default=""), environment="production", send_default_pii=True)  # leak: error-tracker-sends-personal-data
