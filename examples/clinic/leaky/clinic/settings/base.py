"""Settings every environment shares; `dev` and `production` build on them."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()

DEBUG = env.bool("DJANGO_DEBUG", default=True)  # leak: debug-enabled

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "accounts",
    "patients",
    "appointments",
    "payments",
    "integrations",
    "api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.middleware.RequestLog",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "appointments:list"
LOGOUT_REDIRECT_URL = "accounts:login"
PASSWORD_RESET_TIMEOUT = 60 * 60 * 2

SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # leak: client-side-session
SESSION_COOKIE_AGE = 60 * 60 * 8
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.ClientKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SITE_HOST = env("SITE_HOST", default="my.harbourview-clinic.org")
SITE_URL = f"https://{SITE_HOST}"
DEFAULT_FROM_EMAIL = "Harbourview clinic <desk@harbourview-clinic.org>"

# Partners. Addresses and credentials come from the environment; the addresses have defaults.
PARTNER_VERIFY_TLS = env.bool("PARTNER_VERIFY_TLS", default=False)
GATEWAY_URL = env("GATEWAY_URL", default="https://gateway.northpay-cards.com/v2")
GATEWAY_API_KEY = env("GATEWAY_API_KEY", default="")
GATEWAY_WEBHOOK_SECRET = env("GATEWAY_WEBHOOK_SECRET", default="")
INSURER_URL = env("INSURER_URL", default="http://cover.albion-insurance.net/api")
INSURER_PORTAL = env("INSURER_PORTAL", default="https://portal.albion-insurance.net")
INSURER_API_KEY = env("INSURER_API_KEY", default="")
LAB_URL = env("LAB_URL", default="https://orders.quaylab-diagnostics.com")
LAB_FTP_HOST = env("LAB_FTP_HOST", default="results.quaylab-diagnostics.com")
LAB_FTP_USER = env("LAB_FTP_USER", default="harbourview")
LAB_FTP_PASSWORD = env("LAB_FTP_PASSWORD", default="")
SMS_URL = env("SMS_URL", default="https://send.beacon-sms.net/messages")
SMS_API_KEY = env("SMS_API_KEY", default="")
DIRECTORY_LOGIN = env.tuple("DIRECTORY_LOGIN", default=("", ""))
RELAY_LOGIN = env.tuple("RELAY_LOGIN", default=("", ""))
SCREENS_PASSWORD = env("SCREENS_PASSWORD", default="")
VIDEO_URL = env("VIDEO_URL", default="https://video.harbourview-clinic.org")
LETTERS_DIR = env("LETTERS_DIR", default="/srv/clinic/letters")
STATUS_URL = "http://localhost:9180/ready"
