"""Scores for storylines that come without any: how strongly a node is linked to others."""

from collections.abc import Iterable, Mapping, Sequence

from .document import StorylineDocument


def centrality_from_links(
    node_ids: Sequence[str], links: Iterable[tuple[str, str, float | None]]
) -> dict[str, float]:
    """Return for each node the sum of its links' weights, divided by the highest sum: 0 to 1.

    `links` are (source, target, weight); a missing weight counts as 1, a negative one as 0. Without links all
    are 0. Node strength, Barrat et al., PNAS 101 (2004), 3747.
    """
    strengths = dict.fromkeys(node_ids, 0.0)
    weighed = [
        (source, target, 1.0 if weight is None else max(weight, 0.0))
        for source, target, weight in links
        if source in strengths and target in strengths and source != target
    ]
    # A single weight may be near the largest float, so that a sum of several would be infinite.
    scale = max((weight for _, _, weight in weighed), default=0.0) or 1.0
    for source, target, weight in weighed:
        strengths[source] += weight / scale
        strengths[target] += weight / scale
    highest = max(strengths.values(), default=0.0) or 1.0
    return {node_id: round(strength / highest, 4) for node_id, strength in strengths.items()}


def centrality_scores(document: StorylineDocument) -> Mapping[str, float | None]:
    """Return each node's score: its own, or computed from the links where no node has one."""
    own = {node.id: node.centrality_score for node in document.nodes}
    if not document.links or any(score is not None for score in own.values()):
        return own
    links = [(link.source_id, link.target_id, link.weight) for link in document.links]
    return dict(centrality_from_links(list(own), links))
