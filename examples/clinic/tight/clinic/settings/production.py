"""Settings of the live site, behind a proxy that ends TLS."""

import ssl

import sentry_sdk

from clinic.scrub import scrub
from clinic.settings.base import *  # noqa: F403
from clinic.settings.base import SITE_HOST, env

DEBUG = False
SECRET_KEY = env("DJANGO_SECRET_KEY")
ALLOWED_HOSTS = [SITE_HOST]
ADMINS = [("Operations", "ops@harbourview-clinic.org")]

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 730
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True

SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True

CA_FILE = "/etc/ssl/certs/ca-certificates.crt"
DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default="postgres://clinic@db.harbourview-clinic.org/clinic"),
        "OPTIONS": {"sslmode": "verify-full", "sslrootcert": CA_FILE},
    }
}
CACHES = {"default": env.cache("CACHE_URL", default="rediss://cache.harbourview-clinic.org:6379/1")}
CELERY_BROKER_URL = env("BROKER_URL", default="amqps://clinic@queue.harbourview-clinic.org/clinic")
CELERY_BROKER_USE_SSL = {"ca_certs": CA_FILE, "cert_reqs": ssl.CERT_REQUIRED}
CELERY_TASK_IGNORE_RESULT = True

EMAIL_HOST = env("EMAIL_HOST", default="smtp.harbourview-clinic.org")
EMAIL_PORT = 587
EMAIL_HOST_USER = env("EMAIL_HOST_USER", default="desk")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

sentry_sdk.init(
    dsn=env("SENTRY_DSN", default=""),
    environment="production",
    send_default_pii=False,
    include_local_variables=False,
    max_request_body_size="never",
    before_send=scrub,
)
