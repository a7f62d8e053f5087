"""The input in the database: chunks of transcript, storyline nodes, links between them."""

from django.db import models
from django.db.models import F, JSONField, Q, Value
from django.utils import timezone

from .book import Book, BookVersion


class TextChunk(models.Model):
    """A piece of transcript. Chunks belong to the book and never change: another text under an id is another row.

    `key` is the upload's id. The newest row of a key is the one that later uploads mean by it. `text` stays as it was
    uploaded; `clean_text` is what was said, where that differs, with its `turns` (offset, speaker, second) and `loops`
    (sentence, how often it stood there).
    """

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    key = models.CharField("id in the upload", max_length=200)
    digest = models.CharField(max_length=64, editable=False)
    text = models.TextField()
    clean_text = models.TextField(blank=True, default="", db_default="", editable=False)
    turns = models.JSONField(default=list, db_default=Value([], JSONField()), blank=True, editable=False)
    loops = models.JSONField(default=list, db_default=Value([], JSONField()), blank=True, editable=False)
    speaker = models.CharField(max_length=300, blank=True)
    speakers = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=1000, blank=True)
    sequence = models.BigIntegerField(null=True, blank=True)
    start_seconds = models.FloatField(null=True, blank=True)
    end_seconds = models.FloatField(null=True, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    word_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "text chunk"
        ordering = ["book", "id"]
        constraints = [
            models.UniqueConstraint(fields=["book", "key", "digest"], name="chunk_text_once_per_book"),
            models.CheckConstraint(condition=~Q(key=""), name="chunk_has_id"),
            models.CheckConstraint(
                condition=Q(start_seconds=None)
                | Q(end_seconds=None)
                | Q(end_seconds__gte=F("start_seconds")),
                name="chunk_ends_after_start",
            ),
        ]

    # Whether words are withheld from this copy of the row: books.sources says so, no column.
    is_masked = False

    def __str__(self) -> str:
        return self.key

    @property
    def spoken(self) -> str:
        """What was said: the text without timecodes, tags and the like."""
        return self.clean_text or self.text


class StorylineNode(models.Model):
    """A cluster of chunks, written into one chapter. `position` is the upload's order, `place` the outline's."""

    version = models.ForeignKey(BookVersion, on_delete=models.CASCADE, related_name="nodes", db_index=False)
    key = models.CharField("id in the upload", max_length=200)
    position = models.PositiveIntegerField()
    place = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    summary_origin = models.CharField(max_length=200, blank=True)
    centrality_score = models.FloatField(null=True, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    themes = models.JSONField(default=list, blank=True)
    participants = models.JSONField(default=list, blank=True)
    temporal_info = models.JSONField(null=True, blank=True)
    main_storyline = models.JSONField(null=True, blank=True)
    depends_on = models.JSONField(default=list, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    chunk_count = models.PositiveIntegerField(default=0, editable=False)
    word_count = models.PositiveIntegerField(default=0, editable=False)
    chunks = models.ManyToManyField(TextChunk, through="NodeChunk", related_name="nodes")

    class Meta:
        verbose_name = "storyline node"
        ordering = ["version", "place"]
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="node_id_once_per_version"),
            models.UniqueConstraint(fields=["version", "position"], name="node_position_once_per_version"),
        ]
        indexes = [models.Index(fields=["version", "place"])]

    def __str__(self) -> str:
        return self.title


class NodeChunk(models.Model):
    """A chunk in a node, with its place there."""

    node = models.ForeignKey(
        StorylineNode, on_delete=models.CASCADE, related_name="node_chunks", db_index=False
    )
    chunk = models.ForeignKey(TextChunk, on_delete=models.CASCADE, related_name="node_chunks")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["node", "position"]
        constraints = [models.UniqueConstraint(fields=["node", "chunk"], name="chunk_once_per_node")]

    def __str__(self) -> str:
        return f"{self.node_id}: {self.chunk_id}"


class StorylineLink(models.Model):
    """A typed link from one node to another."""

    version = models.ForeignKey(BookVersion, on_delete=models.CASCADE, related_name="links")
    source = models.ForeignKey(StorylineNode, on_delete=models.CASCADE, related_name="links_out")
    target = models.ForeignKey(StorylineNode, on_delete=models.CASCADE, related_name="links_in")
    relationship_type = models.CharField(max_length=100)
    weight = models.FloatField(null=True, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    evidence = models.TextField(blank=True)
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "storyline link"
        ordering = ["version", "id"]
        constraints = [models.CheckConstraint(condition=~Q(source=F("target")), name="link_joins_two_nodes")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.relationship_type} {self.target_id}"
