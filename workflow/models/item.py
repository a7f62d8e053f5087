"""The workflow items of a session: the state of each of its chapters, and what waits for what."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from books.models import Book, Chapter
from workflow.contract.states import HARMONIZED_OR_LATER, WRITTEN, ItemStatus

from .claim import ClaimColumns
from .session import ProcessingSession

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class ItemQuerySet(models.QuerySet["ChapterWorkflowItem"]):
    """Items as the engine and the pages ask for them."""

    def visible_to(self, user: "User | AnonymousUser") -> "ItemQuerySet":
        """Keep the items of books that `user` may see."""
        return self.filter(session__version__book__in=Book.objects.visible_to(user))

    def written(self) -> "ItemQuerySet":
        """Keep the items whose chapter has its text."""
        return self.filter(status__in=WRITTEN)

    def outdated(self) -> "ItemQuerySet":
        """Keep the written items whose text rests on something that has changed since."""
        return self.written().exclude(chapter__outdated_reason="")

    def startable(self) -> "ItemQuerySet":
        """Keep the PENDING items that wait for no other chapter; some may still wait for their time."""
        return self.filter(status=ItemStatus.PENDING, unmet_count=0)


class ChapterWorkflowItem(ClaimColumns):
    """The state of one chapter in a session.

    `unmet_count` counts the chapters that it depends on directly and that are not written yet, nor FAILED under
    *skip*. `writer` is who writes it where a person chose another than the session's, "" where they did not.
    `status_before` is the written status of a chapter that is being written again, whose text of before stays the
    present one until then; "" for any other. `note` is what a person asked of the writer when they last asked again.
    `providers` are those whose places it takes while it is being written.
    `row_version` grows with every change that a card shows. `word_count` and `quality_score` (0 to 1, null: not
    measured) are those of the chapter's present text, kept here so that a board reads them with its items;
    `story_line` tells it in one line. `nearest_before` are the numbers of the nearest chapters that it depends on,
    however far up, ascending, and `before_count` is how many there are in all; in a sequence they are empty: there
    it is every lower number.
    """

    session = models.ForeignKey(
        ProcessingSession, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    chapter = models.OneToOneField(Chapter, on_delete=models.CASCADE, related_name="item")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=ItemStatus, default=ItemStatus.PENDING)
    unmet_count = models.PositiveIntegerField(default=0, editable=False)
    writer = models.CharField(max_length=200, blank=True, editable=False)
    status_before = models.CharField(max_length=12, choices=ItemStatus, blank=True, editable=False)
    note = models.TextField(blank=True, editable=False)
    providers = models.CharField(max_length=500, blank=True, editable=False)
    row_version = models.PositiveIntegerField(default=1, editable=False)
    word_count = models.PositiveIntegerField(default=0, editable=False)
    quality_score = models.FloatField(null=True, blank=True, editable=False)
    nearest_before = models.JSONField(default=list, blank=True, editable=False)
    before_count = models.PositiveIntegerField(default=0, editable=False)
    story_line = models.TextField(blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    depends_on = models.ManyToManyField(
        "self",
        through="ItemDependency",
        through_fields=("item", "needs"),
        symmetrical=False,
        related_name="dependents",
    )

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = "chapter workflow item"
        ordering = ["session", "number"]
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="item_number_once_per_session"),
            models.CheckConstraint(condition=Q(status__in=ItemStatus.values), name="item_status_known"),
            models.CheckConstraint(
                condition=Q(
                    status=ItemStatus.IN_PROGRESS, token__isnull=False, lease_expires_at__isnull=False
                )
                | (~Q(status=ItemStatus.IN_PROGRESS) & Q(token=None, lease_expires_at=None, owner="")),
                name="item_claimed_while_in_progress",
            ),
            models.CheckConstraint(
                condition=Q(status_before="")
                | Q(
                    status_before__in=sorted(WRITTEN), status__in=[ItemStatus.PENDING, ItemStatus.IN_PROGRESS]
                ),
                name="item_written_again_while_unfinished",
            ),
            models.CheckConstraint(
                condition=Q(providers="") | Q(status=ItemStatus.IN_PROGRESS),
                name="item_takes_places_while_in_progress",
            ),
        ]
        indexes = [
            models.Index(
                fields=["session", "number"],
                condition=Q(status=ItemStatus.PENDING, unmet_count=0),
                name="item_startable",
            ),
            models.Index(
                fields=["lease_expires_at"],
                condition=Q(status=ItemStatus.IN_PROGRESS),
                name="item_in_progress",
            ),
            models.Index(fields=["session", "status"]),
        ]

    def __str__(self) -> str:
        return f"Chapter {self.number}: {self.status}"

    @property
    def is_harmonized(self) -> bool:
        """Whether its present text agrees with the other chapters."""
        return self.status in HARMONIZED_OR_LATER

    @property
    def is_written_again(self) -> bool:
        """Whether it has a text, and another one is asked for or being written."""
        return self.status_before != ""


class ItemDependency(models.Model):
    """`item` is written after `needs`."""

    item = models.ForeignKey(
        ChapterWorkflowItem, on_delete=models.CASCADE, related_name="needs_rows", db_index=False
    )
    needs = models.ForeignKey(ChapterWorkflowItem, on_delete=models.CASCADE, related_name="needed_by_rows")

    class Meta:
        verbose_name = "dependency"
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["item", "needs"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(item=F("needs")), name="dependency_joins_two_items"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} after {self.needs_id}"
