"""How large a storyline may be; nothing here reads one."""

from dataclasses import dataclass

ID_CHARACTERS = 200
RELATIONSHIP_TYPE_CHARACTERS = 100


@dataclass(frozen=True)
class Limits:
    """The most of everything that one storyline may hold.

    `references` counts each mention of a node or a chunk by another: chunks of nodes, what they wait for, links.
    `values` counts members of lists and objects, `containers` lists and objects, `keys` those of one object
    and the columns of a table: they bound the memory that a small file of tiny values could take. `depth`
    counts lists and objects inside one another: at most 200, as the parser itself has a bound. `characters`
    is for one text.
    """

    bytes: int = 50_000_000
    nodes: int = 5_000
    chunks: int = 50_000
    links: int = 50_000
    references: int = 100_000
    words: int = 5_000_000
    depth: int = 50
    values: int = 1_000_000
    containers: int = 500_000
    keys: int = 5_000
    characters: int = 1_000_000

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= 200:
            raise ValueError("the depth must be 1 to 200")


DEFAULT_LIMITS = Limits()
