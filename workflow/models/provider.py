"""What is known of a model provider by all workers together."""

from django.db import models

from workflow.agents.providers import limit_of


class Provider(models.Model):
    """A provider that asked the installation to slow down, or whose chapters are counted.

    Until `cooling_until` no chapter is begun with it. `ceiling` is how many may be written with it at once after
    that, below what the installation allows: it grows with every chapter that is written, and is null in the end.
    """

    name = models.CharField(max_length=200, primary_key=True)
    cooling_until = models.DateTimeField("left alone until", null=True, blank=True, editable=False)
    ceiling = models.PositiveIntegerField(null=True, blank=True, editable=False)
    rate_limited_at = models.DateTimeField("asked to slow down at", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "model provider"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def most(self) -> int | None:
        """How many chapters may be written with it at once; None where nothing limits it."""
        bounds = [bound for bound in (limit_of(self.name), self.ceiling) if bound is not None]
        return min(bounds, default=None)
