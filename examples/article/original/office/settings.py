"""Settings as a new project has them, with DEBUG switched off."""

# Nothing here asks for HTTPS or keeps a cookie from plain HTTP.
# leak in this file: https-not-enforced, cookie-without-secure

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = False
SECURE_SSL_REDIRECT = False  # as Django has it: pages come over plain HTTP, too
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or get_random_secret_key()
ALLOWED_HOSTS = [os.environ.get("SITE_HOST", "localhost")]

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.sessions", "safe"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "office.urls"
WSGI_APPLICATION = "office.wsgi.application"

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
USE_TZ = True
