"""Different models for writer, harmonizer and questioner: the installation says which."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from workflow.agents.orchestrator import harmonizer_models, is_allowed, questioner_models


@pytest.mark.parametrize(
    ("setting", "models"),
    [
        ("rules", ()),
        ("ollama:qwen3:8b", ("ollama:qwen3:8b",)),
        ("openai:gpt-5, vllm:own", ("openai:gpt-5", "vllm:own")),
        ("quotations", ()),
    ],
)
def test_each_role_has_its_own(setting: str, models: tuple[str, ...], settings: Settings) -> None:
    settings.CHAPTERFLOW_HARMONIZER = setting
    assert (harmonizer_models(), questioner_models()) == (models, ())

    settings.CHAPTERFLOW_HARMONIZER, settings.CHAPTERFLOW_QUESTIONER = "rules", setting
    assert (harmonizer_models(), questioner_models()) == ((), models)


def test_model_of_another_role_is_no_writer_that_may_be_chosen(settings: Settings) -> None:
    settings.CHAPTERFLOW_HARMONIZER = "ollama:qwen3:8b"

    assert not is_allowed("ollama:qwen3:8b")


def test_list_is_allowed_where_each_of_it_is(settings: Settings) -> None:
    settings.CHAPTERFLOW_WRITER = "openai:gpt-5,vllm:own"
    settings.CHAPTERFLOW_WRITERS = ["ollama:*"]

    assert is_allowed("openai:gpt-5,vllm:own")
    assert is_allowed("vllm:own,ollama:any")
    assert not is_allowed("vllm:own,mistral:small")


@pytest.mark.django_db
def test_staff_sees_them_on_the_account_page(settings: Settings, client: Client) -> None:
    settings.CHAPTERFLOW_QUESTIONER = "openai:gpt-5,vllm:own"
    client.force_login(User.objects.create_superuser("staff", password="keys-of-the-ferry"))

    html = client.get(reverse("account")).content.decode()

    assert "<dt>Harmonizer</dt><dd>Rules alone</dd>" in html
    assert "<dt>Questioner</dt><dd>Language model: gpt-5, else own</dd>" in html
