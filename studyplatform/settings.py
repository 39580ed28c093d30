"""All settings of the platform. Only this module reads the environment, whose variables are listed
in .env.example."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from studyplatform import environment
from studyplatform.databases import database

BASE_DIR = Path(__file__).resolve().parent.parent
environment.load_dotenv(BASE_DIR / ".env")

DEBUG = environment.flag("STUDY_DEBUG", default=True)
SECRET_KEY = environment.text("STUDY_SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "STUDY_SECRET_KEY is empty. Set it to a long random text, for example the output of: "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    SECRET_KEY = "for-development-on-this-machine-only"  # noqa: S105

DATA_DIR = environment.folder("STUDY_DATA_DIR", BASE_DIR / "var")
WEIGHTS_DIR = BASE_DIR / "weights"
STUDIES_DIR = BASE_DIR / "studies"
INSTRUMENTS_DIR = environment.folder("STUDY_INSTRUMENTS", DATA_DIR / "instruments")
ALLOWED_HOSTS = environment.words(
    "STUDY_ALLOWED_HOSTS", ("127.0.0.1", "localhost", "[::1]") if DEBUG else ()
)
CSRF_TRUSTED_ORIGINS = environment.words("STUDY_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "studyplatform.admin_config.StudyAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "studyplatform",
    "explanations",
    "surveys",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "studyplatform.security.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "studyplatform.urls"
WSGI_APPLICATION = "studyplatform.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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
DATABASES = {"default": database(environment.text("DATABASE_URL"), DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_DIR.mkdir(parents=True, exist_ok=True)

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "panel:home"

PROLIFIC_API = "https://api.prolific.com/api/v1"
PROLIFIC_API_TOKEN = environment.text("PROLIFIC_API_TOKEN")
PROLIFIC_WEBHOOK_SECRET = environment.text("PROLIFIC_WEBHOOK_SECRET")

ARRIVALS_PER_MINUTE = environment.number("STUDY_ARRIVALS_PER_MINUTE", default=200)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# Errors and warnings go to the standard error, without data that could identify a person.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"without_secrets": {"()": "studyplatform.redaction.WithoutSecrets"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_secrets"],
        }
    },
    "loggers": {
        name: {"handlers": ["stderr"], "level": "INFO", "propagate": propagate}
        for name, propagate in (
            ("django", True),
            ("django.server", False),
            ("studyplatform", False),
        )
    },
}

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
if not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# Participants' pages must not be framed, cached by others or read by a script.
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if not DEBUG:
    behind_https = environment.flag("STUDY_HTTPS", default=True)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = behind_https
    SECURE_REDIRECT_EXEMPT = [r"^health/$"]  # monitoring within the host does not use TLS
    SECURE_HSTS_SECONDS = 31_536_000 if behind_https else 0
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = behind_https
    if environment.flag("STUDY_BEHIND_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
