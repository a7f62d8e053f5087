"""Each reference to another row has an index, and one only: every further one is written with every chapter."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import ForeignKey, Index, Model, Q, UniqueConstraint

REFERENCES = [
    pytest.param(model, field, id=f"{model.__name__}.{field.name}")
    for app in ("books", "workflow")
    for model in apps.get_app_config(app).get_models()
    for field in model._meta.concrete_fields
    if isinstance(field, ForeignKey) and not field.unique
]


@pytest.mark.parametrize(("model", "field"), REFERENCES)
def test_a_reference_has_one_index(model: type[Model], field: "ForeignKey[Model, Model]") -> None:
    is_covered = field.name in _first_columns(model, field.name)

    assert getattr(field, "db_index") is not is_covered  # noqa: B009  (the type stubs do not know it)


def _first_columns(model: type[Model], name: str) -> Iterator[str]:
    """Yield the columns that indexes and unique constraints for all rows with a `name` begin with."""
    everywhere = [None, Q(**{f"{name}__isnull": False})]
    for rule in [*model._meta.indexes, *model._meta.constraints]:
        if isinstance(rule, Index | UniqueConstraint) and rule.condition in everywhere:
            yield from rule.fields[:1]
