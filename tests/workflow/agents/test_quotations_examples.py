"""Every chapter of the example storylines keeps the promise, and is the same in every process."""

import hashlib
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from books.text.citations import cited_ids, find_passages
from tests.workflow.quotation_proof import verify_chapter
from tests.workflow.quotation_tasks import example_tasks, write

ROOT = Path(__file__).resolve().parents[3]
DIGEST = "from tests.workflow.agents.test_quotations_examples import digest_of_examples; print(digest_of_examples())"


def digest_of_examples() -> str:
    digest = hashlib.sha256()
    for name in ("apollo13-10", "qmsum-1000"):
        for task in islice(example_tasks(name), 10):
            digest.update(repr(write(task)).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("name", ["apollo13-10", "qmsum-1000"])
def test_every_example_chapter_is_verbatim_and_cited(name: str) -> None:
    for task in example_tasks(name):
        draft = write(task)

        texts = {chunk.id: chunk.text for chunk in task.text_chunks}
        passages = find_passages(draft.content, texts)
        assert verify_chapter(draft.content, task.text_chunks) == []
        assert len(passages) == draft.quality_metrics["quotes"]
        assert all(passage.quote for passage in passages)
        assert tuple(cited_ids(draft.content)) == draft.source_chunk_ids
        assert 0 < draft.quality_metrics["quoted_words"] <= 720


def test_chapters_do_not_depend_on_the_hash_seed() -> None:
    here = digest_of_examples()

    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }

    assert digests == {f"{here}\n"}
