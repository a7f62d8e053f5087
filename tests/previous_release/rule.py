"""What a migration may not do while the release before it still runs: expand first, contract a release later."""

from collections.abc import Iterator

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

# Takes away, or renames, what the running release reads and writes; or forbids rows that it writes.
_CONTRACTING = (
    migrations.DeleteModel,
    migrations.RemoveField,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
    migrations.AlterUniqueTogether,
    migrations.AddConstraint,
    migrations.RunSQL,
)


def breaks(operation: Operation, app: str, before: Apps, made: set[str]) -> Iterator[str]:
    """Yield why the operation breaks the release before; `made` are the models that it does not know."""
    model = str(getattr(operation, "model_name", getattr(operation, "name", ""))).lower()
    if model in made and not isinstance(operation, migrations.RunSQL):
        return
    if isinstance(operation, _CONTRACTING):
        yield f"{operation.describe()}: the release before still needs it as it is"
    if isinstance(operation, migrations.AddField) and _needs_value(operation.field):
        yield f"{operation.describe()}: the release before writes no value for it; give it a db_default"
    if isinstance(operation, migrations.AlterField):
        old = before.get_model(app, model)._meta.get_field(operation.name)
        yield from (f"{operation.describe()}: {why}" for why in _narrows(old, operation.field))


def _needs_value(field: models.Field) -> bool:
    return not field.many_to_many and not field.null and field.db_default is NOT_PROVIDED


def _narrows(old: models.Field, new: models.Field) -> Iterator[str]:
    if old.null and _needs_value(new):
        yield "the release before may leave it empty; give it a db_default"
    if old.null and not new.null:
        yield "the release before may write null into it"
    if new.unique and not old.unique:
        yield "the release before may write a value twice"
    if new.max_length is not None and (old.max_length is None or new.max_length < old.max_length):
        yield "the release before may write a longer value"
    if old.get_internal_type() != new.get_internal_type():
        yield "the release before writes values of another type"
