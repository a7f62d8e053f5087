"""Each process of a real installation is killed, stopped or suspended in the middle of a book: the book ends well."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.processes import Workers, faults_of
from tests.installation import Installation, is_alive
from tests.servers import REDIS, RedisServer, new_postgres

pytestmark = pytest.mark.faults
# As short as a busy machine bears; the defaults are 15, 45 and 30 s.
QUICK = {
    "CHAPTERFLOW_CANARY_SECONDS": "1",
    "CHAPTERFLOW_WEDGED_SECONDS": "5",
    "CHAPTERFLOW_LEASE_SECONDS": "6",
    "CHAPTERFLOW_TEST_SECONDS": "0.6",
}
Fault = Callable[[Installation], float]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """`manage.py up` with two workers on SQLite, which all faults of this module befall."""
    with Installation(tmp_path_factory.mktemp("up"), **QUICK) as installation:
        yield installation
        processes = installation.processes()
    assert not any(is_alive(pid) for pid in processes)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """`manage.py work` with two workers on PostgreSQL and Redis."""
    if not REDIS:
        pytest.skip("the program redis-server is not on this machine")
    folder: Path = tmp_path_factory.mktemp("work")
    redis = RedisServer(folder)
    with ExitStack() as stack:
        stack.callback(redis.kill)
        redis.start()
        places = {"DATABASE_URL": stack.enter_context(new_postgres()), "REDIS_URL": redis.url}
        installation = stack.enter_context(Workers(folder / "site", **QUICK, **places))
        stack.callback(installation.dismiss_clerk)
        yield installation
        processes = installation.processes()
        installation.stop()
        assert not any(is_alive(pid) for pid in processes)


@pytest.mark.parametrize("name", faults_of(Installation))
def test_book_outlives_it_under_up_on_sqlite(site: Installation, name: str) -> None:
    took = faults_of(Installation)[name](site)

    print(f"\n{name}: {took:.2f} s")


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("name", faults_of(Workers))
def test_book_outlives_it_under_work_on_postgresql_and_redis(workers: Installation, name: str) -> None:
    took = faults_of(Workers)[name](workers)

    print(f"\n{name}: {took:.2f} s")
