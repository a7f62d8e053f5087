"""The exact facts that written chapters state, by the names that they are about."""

from django.db import models

from .item import ChapterWorkflowItem
from .session import ProcessingSession


class FactKind(models.TextChoices):
    """Why a sentence is kept."""

    INTRODUCTION = "introduction", "First mention"
    FIGURE = "figure", "Number or date"


class FactEntry(models.Model):
    """A sentence of a written chapter about a name, as it stands there; later chapters find it by `key`.

    `number` is the chapter's; `position` the order within it; `chunk_ids` what the sentence rests on.
    """

    session = models.ForeignKey(
        ProcessingSession, on_delete=models.CASCADE, related_name="facts", db_index=False
    )
    item = models.ForeignKey(ChapterWorkflowItem, on_delete=models.CASCADE, related_name="facts")
    number = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=FactKind)
    sentence = models.TextField()
    chunk_ids = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "fact"
        ordering = ["session", "number", "position"]
        indexes = [models.Index(fields=["session", "key", "number"], name="fact_by_name")]

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence[:60]}"
