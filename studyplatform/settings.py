"""All settings of the platform. Only this module reads the environment, whose variables are listed
in .env.example."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from studyplatform import environment
from studyplatform.databases import database

BASE_DIR = Path(__file__).resolve().parent.parent
environment.load_dotenv(BASE_DIR / ".env")

# Without any configuration, commands work on a developer's machine. A server does not start then
# (studyplatform.server).
DEVELOPMENT_KEY = "for-development-on-this-machine-only"
SECRET_KEY = environment.text("STUDY_SECRET_KEY")
DEBUG = environment.flag("STUDY_DEBUG", default=not SECRET_KEY)
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "STUDY_SECRET_KEY is empty. Set it to a long random text, for example the output of: "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    SECRET_KEY = DEVELOPMENT_KEY

DATA_DIR = environment.folder("STUDY_DATA_DIR", BASE_DIR / "var")
WEIGHTS_DIR = BASE_DIR / "weights"
STUDIES_DIR = BASE_DIR / "studies"
INSTRUMENTS_DIR = environment.folder("STUDY_INSTRUMENTS", DATA_DIR / "instruments")
WEIGHTS_FOLDERS = [Path(folder).resolve() for folder in environment.words("STUDY_WEIGHTS_FOLDERS")]
IMAGE_FOLDERS = environment.folder("STUDY_IMAGE_FOLDERS", DATA_DIR / "folders")
ALLOWED_HOSTS = environment.words(
    "STUDY_ALLOWED_HOSTS", ("127.0.0.1", "localhost", "[::1]") if DEBUG else ()
)
HOSTS_ARE_SET = bool(environment.text("STUDY_ALLOWED_HOSTS"))
CSRF_TRUSTED_ORIGINS = environment.words("STUDY_TRUSTED_ORIGINS")
# Where e-mails lead that no request causes. Empty: they name the page instead of linking it.
SITE_ADDRESS = next((one.rstrip("/") for one in CSRF_TRUSTED_ORIGINS if "*" not in one), "")

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
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    "studyplatform.request_middleware.RequestMiddleware",
    "studyplatform.page_errors.PageErrorsMiddleware",
    "studyplatform.security.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "studyplatform.bodies.BodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "studyplatform.accounts.middleware.AccountsMiddleware",
    "studyplatform.audit.writing.AuditMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
if DEBUG:
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.middleware.common.CommonMiddleware") + 1,
        "studyplatform.not_found.OwnNotFoundPage",
    )
ROOT_URLCONF = "studyplatform.urls"
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
# Not in the system's folder, which is in memory in a container: an upload has up to 200 MB.
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "uploading"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True, mode=0o700)

# Accounts: by invitation alone, with a second factor.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "studyplatform.accounts.hashing.Argon2idHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # of accounts from before
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "studyplatform.accounts.hashing.MaximumLengthValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "panel:home"
REQUIRE_SECOND_FACTOR = environment.flag("STUDY_REQUIRE_SECOND_FACTOR", default=False)
BEHIND_PROXY = environment.flag("STUDY_BEHIND_PROXY", default=False)
PROXY_SENDS_PICTURES = environment.flag("STUDY_PROXY_SENDS_PICTURES", default=False)
SECRET_KEY_FALLBACKS: list[str] = []

ACCOUNT_ADAPTER = "studyplatform.accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation reaches its address or is handed over
ACCOUNT_FORMS = {
    "login": "studyplatform.accounts.forms.SignInForm",
    "reauthenticate": "studyplatform.accounts.forms.ConfirmForm",
    "change_password": "studyplatform.accounts.forms.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# allauth counts attempts in a process's memory, and locks people out by their name alone.
# studyplatform.accounts.throttle counts them instead.
ACCOUNT_RATE_LIMITS = False
# No code by e-mail, which allauth offers everybody with a confirmed address: many installations
# send no e-mail, and its pages are not among our URLs.
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_USERNAME_VALIDATORS = None
MFA_ADAPTER = "studyplatform.accounts.adapter.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "studyplatform.accounts.forms.CodeForm",
    "reauthenticate": "studyplatform.accounts.forms.ConfirmCodeForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
MFA_RECOVERY_CODES_SHOW_ONCE = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Explanation studies"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG  # http://localhost, while developing

# E-mail: without a server, links are shown once to whoever made them.
MAIL_SERVER = environment.mail_server("STUDY_EMAIL_URL")
EMAIL_HOST, EMAIL_PORT = MAIL_SERVER.host, MAIL_SERVER.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL_SERVER.user, MAIL_SERVER.password
EMAIL_USE_SSL, EMAIL_USE_TLS = MAIL_SERVER.is_tls, MAIL_SERVER.starts_tls
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = environment.text("STUDY_EMAIL_FROM", "studies@localhost")

PROLIFIC_API = "https://api.prolific.com/api/v1"
PROLIFIC_API_TOKEN = environment.text("PROLIFIC_API_TOKEN")
PROLIFIC_WEBHOOK_SECRET = environment.text("PROLIFIC_WEBHOOK_SECRET")

ARRIVALS_PER_MINUTE = environment.number("STUDY_ARRIVALS_PER_MINUTE", default=200)

# A page that takes longer is cut. Uploads of researchers need time to arrive.
REQUEST_SECONDS = environment.number("STUDY_REQUEST_SECONDS", default=30)
UPLOAD_SECONDS = environment.number("STUDY_UPLOAD_SECONDS", default=300)
METRICS_TOKEN = environment.text("STUDY_METRICS_TOKEN")
LOG_FORMAT = environment.choice("STUDY_LOG_FORMAT", ("text", "json"))

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
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "studyplatform.json_log.JsonFormatter"},
    },
    "filters": {"without_secrets": {"()": "studyplatform.redaction.WithoutSecrets"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
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
    if behind_https:  # no other host and no unencrypted page can set a cookie of this name
        SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    # Monitoring within the host does not use TLS.
    SECURE_REDIRECT_EXEMPT = [r"^health/$", r"^metrics/$"]
    SECURE_HSTS_SECONDS = 31_536_000 if behind_https else 0
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = behind_https
    if BEHIND_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
