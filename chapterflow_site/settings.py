"""Django's settings: what an installation may choose comes from the environment, with defaults for a laptop."""

import sys
from pathlib import Path

from . import env
from .private import private_folder

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_dotenv(BASE_DIR / ".env")

DATA_DIR = Path(env.text("CHAPTERFLOW_DATA_DIR", str(BASE_DIR / "var"))).resolve()
private_folder(DATA_DIR)

SECRET_KEY = env.secret_key(DATA_DIR)
DATABASE = env.database(DATA_DIR)
INSTALLATION_ID = env.installation_id(SECRET_KEY, DATABASE["NAME"])
DEBUG = env.boolean("DEBUG")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

# Set by the process manager: workers keep their database connections, web requests do not.
IS_WORKER = env.text("CHAPTERFLOW_PROCESS") == "worker"

# What only serves pages costs a worker 20 MB and half a second of its start.
SERVED_APPS = [
    *(["daphne"] if "runserver" in sys.argv else []),  # as an app it only replaces that command
    "ninja",  # serves the API documentation from installed files
]
INSTALLED_APPS = [
    *([] if IS_WORKER else SERVED_APPS),
    "django.contrib.admin.apps.SimpleAdminConfig" if IS_WORKER else "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "django_q",
    "chapterflow_site.accounts",
    "books",
    "workflow",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "chapterflow_site.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # adds a random length, so that none tells of a secret (BREACH)
    "chapterflow_site.middleware.RequestIdMiddleware",
    "chapterflow_site.middleware.PrivateMiddleware",
    "chapterflow_site.middleware.NoNulMiddleware",
    "chapterflow_site.middleware.HeadMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "chapterflow_site.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "chapterflow_site.urls"
ASGI_APPLICATION = "chapterflow_site.asgi.application"
WSGI_APPLICATION = None

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "chapterflow_site.template_loader.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["chapterflow_site.templatetags.interface"],
        },
    },
]

DATABASES = {
    "default": {
        **DATABASE,
        "CONN_MAX_AGE": 600 if IS_WORKER else 0,
        "CONN_HEALTH_CHECKS": IS_WORKER,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Django's own, a few at a time; the others read what an installation may have had before.
PASSWORD_HASHERS = [
    "chapterflow_site.accounts.hashing.BoundedHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"

LANGUAGE_CODE = "en"
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Filled at the start (chapterflow_site.assets); until then assets are served from where they are, by their own names.
STATIC_ROOT = Path(env.text("CHAPTERFLOW_STATIC_DIR", str(DATA_DIR / "static"))).resolve()
private_folder(STATIC_ROOT)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chapterflow_site.assets.AssetStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_AUTOREFRESH = DEBUG

# Two installations on one machine share the browser's cookies of that machine: cookies ignore ports.
SESSION_COOKIE_NAME = f"chapterflow-{INSTALLATION_ID}-session"
CSRF_COOKIE_NAME = f"chapterflow-{INSTALLATION_ID}-csrf"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
CSRF_FAILURE_VIEW = "chapterflow_site.errors.csrf_failure"
DEFAULT_EXCEPTION_REPORTER = "chapterflow_site.reporter.KeylessReporter"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.boolean("CHAPTERFLOW_HTTPS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("SECURE_HSTS_INCLUDE_SUBDOMAINS")
    SECURE_HSTS_PRELOAD = env.boolean("SECURE_HSTS_PRELOAD")
    SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", True)
# Whether all names below this one are to be reached by HTTPS only is for the owner of the domain to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# How many proxies stand in front, each of which says in X-Forwarded-For from where it was asked.
CHAPTERFLOW_PROXIES = env.integer("CHAPTERFLOW_PROXIES", 1 if env.boolean("CHAPTERFLOW_HTTPS") else 0)

CHAPTERFLOW_WRITER = env.text("CHAPTERFLOW_WRITER", "quotations")
CHAPTERFLOW_WRITERS = env.words("CHAPTERFLOW_WRITERS", CHAPTERFLOW_WRITER)
# What else than the rules harmonizes and asks: a model, or a list of which the first that answers is taken.
CHAPTERFLOW_HARMONIZER = env.text("CHAPTERFLOW_HARMONIZER", "rules")
CHAPTERFLOW_QUESTIONER = env.text("CHAPTERFLOW_QUESTIONER", "rules")
CHAPTERFLOW_PRICES = env.prices("CHAPTERFLOW_PRICES")
CHAPTERFLOW_BUDGET = env.budget("CHAPTERFLOW_BUDGET")
CHAPTERFLOW_WORKERS = env.integer("CHAPTERFLOW_WORKERS", 2)
# By writers that wait, for a model most likely; one that computes writes one chapter at a time in each worker.
CHAPTERFLOW_CHAPTERS_PER_WORKER = env.integer("CHAPTERFLOW_CHAPTERS_PER_WORKER", 32)
CHAPTERFLOW_PARALLEL_CHAPTERS = env.integer(
    "CHAPTERFLOW_PARALLEL_CHAPTERS", CHAPTERFLOW_WORKERS * CHAPTERFLOW_CHAPTERS_PER_WORKER
)
CHAPTERFLOW_CHAPTERS_AT_ONCE = env.limits("CHAPTERFLOW_CHAPTERS_AT_ONCE")
CHAPTERFLOW_ATTEMPT_SECONDS = env.integer("CHAPTERFLOW_ATTEMPT_SECONDS", 900)
CHAPTERFLOW_SLICE_SECONDS = env.integer("CHAPTERFLOW_SLICE_SECONDS", 5)
CHAPTERFLOW_LEASE_SECONDS = env.integer("CHAPTERFLOW_LEASE_SECONDS", 30)
CHAPTERFLOW_CANARY_SECONDS = env.integer("CHAPTERFLOW_CANARY_SECONDS", 15)
CHAPTERFLOW_WEDGED_SECONDS = env.integer("CHAPTERFLOW_WEDGED_SECONDS", 45)
# Open boards of one person in one web process: a bound on what one can make it keep, not on how many tabs are sensible.
CHAPTERFLOW_BOARDS_PER_PERSON = env.integer("CHAPTERFLOW_BOARDS_PER_PERSON", 200)
CHAPTERFLOW_UPLOAD_BYTES = env.integer("CHAPTERFLOW_UPLOAD_BYTES", 50_000_000)
CHAPTERFLOW_UPLOAD_NODES = env.integer("CHAPTERFLOW_UPLOAD_NODES", 5_000)
CHAPTERFLOW_UPLOAD_WORDS = env.integer("CHAPTERFLOW_UPLOAD_WORDS", 5_000_000)
CHAPTERFLOW_UPLOAD_LINKS = env.integer("CHAPTERFLOW_UPLOAD_LINKS", 50_000)
CHAPTERFLOW_UPLOAD_REFERENCES = env.integer("CHAPTERFLOW_UPLOAD_REFERENCES", 100_000)
# What reading one upload may take: bytes of memory, seconds of processor; how many are read at once on this machine.
CHAPTERFLOW_UPLOAD_MEMORY = env.integer("CHAPTERFLOW_UPLOAD_MEMORY", 270_000_000)
CHAPTERFLOW_UPLOAD_SECONDS = env.integer("CHAPTERFLOW_UPLOAD_SECONDS", 10)
CHAPTERFLOW_UPLOADS_AT_ONCE = env.integer("CHAPTERFLOW_UPLOADS_AT_ONCE", 2)
CHAPTERFLOW_UPLOAD_WAIT_SECONDS = env.integer("CHAPTERFLOW_UPLOAD_WAIT_SECONDS", 10)
DATA_UPLOAD_MAX_MEMORY_SIZE = CHAPTERFLOW_UPLOAD_BYTES + 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

REDIS_URL = env.text("REDIS_URL")
QUEUE_IN_REDIS = {"broker_class": "workflow.queue.redis_broker.RedisBroker", "redis": REDIS_URL}
QUEUE_IN_DATABASE = {
    "broker_class": "workflow.queue.database_broker.DatabaseBroker",
    "orm": "default",
    # The net under the bell. A cluster on another machine than the web server hears no bell.
    "poll": 1.0 if str(DATABASE["ENGINE"]).endswith("sqlite3") else 0.25,
}

# The longest that one wake-up may work: a slice, an attempt, ten minutes of trying to store its result, and some air.
CHAPTERFLOW_TASK_SECONDS = CHAPTERFLOW_SLICE_SECONDS + CHAPTERFLOW_ATTEMPT_SECONDS + 600 + 60
Q_CLUSTER = {
    "name": f"chapterflow-{INSTALLATION_ID}",
    "label": "Background tasks",
    **(QUEUE_IN_REDIS if REDIS_URL else QUEUE_IN_DATABASE),
    "workers": CHAPTERFLOW_WORKERS,
    "bulk": 1,
    "queue_limit": 1,
    "timeout": CHAPTERFLOW_TASK_SECONDS,
    "retry": 3 * CHAPTERFLOW_TASK_SECONDS + 60,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": 50,
    "catch_up": False,
    "guard_cycle": 0.25,
    "recycle": 500,
    "max_rss": 600_000,
}

CHAPTERFLOW_LOG_FORMAT = env.choice("CHAPTERFLOW_LOG_FORMAT", "plain", ("plain", "json"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "chapterflow_site.core.logs.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
        "json": {"()": "chapterflow_site.core.logs.JSONFormatter"},
    },
    "filters": {"work": {"()": "chapterflow_site.core.logs.WorkFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": CHAPTERFLOW_LOG_FORMAT,
            "filters": ["work"],
        }
    },
    # One handler for all, so that no line is written twice, or without being made safe to read.
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "books": {"level": "INFO"},
        "workflow": {"level": "INFO"},
        "chapterflow_site": {"level": "INFO"},
        # Named here so that they lose handlers of their own, which write addresses as they are.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # At DEBUG these write whole requests, with the book's text; at INFO a line for every one, with the whole
        # address, in which there may be a password.
        **{
            name: {"level": "WARNING"}
            for name in ("openai", "anthropic", "google_genai", "mistralai", "httpx", "httpx2")
        },
        # A scanner that tries names gets its answer; it is not worth a trace each time.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # It reports each enqueue and each process at INFO; a message here is a fault.
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
