"""What was uploaded, in the admin: looked at, never edited."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from books.models import Chapter, NodeChunk, StorylineLink, StorylineNode, TextChunk
from chapterflow_site.admin import (
    MOST_LINKS,
    ReadOnlyAdmin,
    json_field,
    link_to,
    link_to_rows,
    list_of_links,
    text_field,
)


@admin.register(TextChunk)
class TextChunkAdmin(ReadOnlyAdmin[TextChunk]):
    """Pieces of transcript; they never change."""

    list_display = ("key", "book", "speaker", "source", "sequence", "word_count", "created_at")
    list_select_related = ("book",)
    search_fields = ("key", "speaker", "source", "text", "book__book_id", "book__title")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        "key", "book", "speaker", "all_speakers", "source", "sequence", "start_seconds", "end_seconds",
        "full_text", "word_count", "in_nodes", "unknown_keys", "digest", "created_at",
    )  # fmt: skip
    all_speakers = json_field("speakers")
    full_text = text_field("text")
    unknown_keys = json_field("extra", "Unknown keys of the upload")

    @admin.display(description="In storyline nodes")
    def in_nodes(self, row: TextChunk) -> SafeString:
        """The nodes that have this chunk."""
        nodes = row.nodes.select_related("version").order_by("version__number", "place")
        labels = [(node, f"v{node.version.number}: {node.title}") for node in nodes[:MOST_LINKS]]
        total = nodes.count()
        return list_of_links(labels, total, link_to_rows(NodeChunk, total, chunk__id__exact=row.pk))


@admin.register(StorylineNode)
class StorylineNodeAdmin(ReadOnlyAdmin[StorylineNode]):
    """Clusters of chunks, as they were uploaded."""

    list_display = (
        "title", "key", "version", "place", "position", "centrality_score", "chunk_count", "word_count",
    )  # fmt: skip
    list_select_related = ("version__book",)
    search_fields = ("key", "title", "summary", "version__book__book_id", "version__book__title")
    ordering = ("-version", "place")
    show_full_result_count = False
    fields = (
        "title", "key", "version", "written_chapter", "place", "position", "summary", "summary_origin",
        "centrality_score", "confidence", "all_themes", "all_participants", "all_depends_on", "time", "main",
        "unknown_keys", "links", "passages",
    )  # fmt: skip
    all_themes = json_field("themes")
    all_participants = json_field("participants")
    all_depends_on = json_field("depends_on")
    time = json_field("temporal_info")
    main = json_field("main_storyline")
    unknown_keys = json_field("extra", "Unknown keys of the upload")

    @admin.display(description="Chapter")
    def written_chapter(self, row: StorylineNode) -> SafeString:
        """The chapter that is written from the node."""
        return link_to(Chapter.objects.filter(node=row).first())

    @admin.display(description="Links")
    def links(self, row: StorylineNode) -> SafeString:
        """Links to the lists of the node's links."""
        return format_html(
            "{} from here, {} to here",
            link_to_rows(StorylineLink, row.links_out.count(), source__id__exact=row.pk),
            link_to_rows(StorylineLink, row.links_in.count(), target__id__exact=row.pk),
        )

    @admin.display(description="Text chunks")
    def passages(self, row: StorylineNode) -> SafeString:
        """The node's chunks in their order, as far as a page takes them."""
        rows = row.node_chunks.select_related("chunk").order_by("position")[:MOST_LINKS]
        everything = link_to_rows(NodeChunk, row.chunk_count, node__id__exact=row.pk)
        return list_of_links([(place.chunk, "") for place in rows], row.chunk_count, everything)


@admin.register(NodeChunk)
class NodeChunkAdmin(ReadOnlyAdmin[NodeChunk]):
    """Which chunk stands in which node."""

    list_display = ("node", "chunk", "position")
    list_select_related = ("node", "chunk")
    search_fields = ("node__key", "node__title", "chunk__key")
    ordering = ("node", "position")
    show_full_result_count = False
    fields = ("node", "chunk", "position")


@admin.register(StorylineLink)
class StorylineLinkAdmin(ReadOnlyAdmin[StorylineLink]):
    """Typed links between nodes."""

    list_display = ("relationship_type", "source", "target", "version", "weight", "confidence")
    list_filter = ("relationship_type",)
    list_select_related = ("source", "target", "version__book")
    search_fields = ("source__key", "source__title", "target__key", "target__title", "version__book__book_id")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        "relationship_type", "source", "target", "version", "weight", "confidence", "evidence", "unknown_keys",
    )  # fmt: skip
    unknown_keys = json_field("extra", "Unknown keys of the upload")
