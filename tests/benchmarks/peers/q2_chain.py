"""django-q2 on Redis: an `async_chain`, one worker, its results in a SQLite file."""

import sys

import django
import work
from django.conf import settings
from django.core.management import call_command

settings.configure(
    INSTALLED_APPS=["django_q"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(work.FOLDER / "q2.sqlite3"),
            "OPTIONS": {
                "timeout": 60,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
            },
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    SECRET_KEY="benchmark",
    USE_TZ=True,
    Q_CLUSTER={"name": "peer", "redis": work.REDIS_URL, "workers": 1, "timeout": 60, "retry": 120},
)
django.setup()

if __name__ == "__main__":
    if sys.argv[1] == "start":
        from django_q.tasks import async_chain

        work.begin(0)
        async_chain([("work.run_step", (number,)) for number in range(1, work.STEPS + 1)])
    else:
        call_command("migrate", verbosity=0)
        call_command("qcluster")
