"""The application's models as Django's ``inspectdb`` writes them, on generation A, and one on generation C."""

# ruff: noqa: DJ001, DJ008 - the columns are as they are, and nobody prints a persona

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}},
    INSTALLED_APPS=[],
    USE_TZ=False,
)
django.setup()

from django.db import connection, models  # noqa: E402 - Django wants its settings first

__all__ = ["Avatar", "Persona", "PersonaOfC", "connection"]


class Persona(models.Model):
    """Generation A, with the flag, as it is found after Retrato has moved in."""

    id = models.UUIDField(primary_key=True)
    persona_code = models.CharField()
    full_name = models.CharField()
    role = models.CharField()
    empresa_id = models.UUIDField()
    status = models.CharField(null=True)
    genero = models.CharField(null=True)
    avatar_image_url = models.TextField(null=True)
    avatar_image_generated_at = models.DateTimeField(null=True)
    avatar_image_prompt = models.TextField(null=True)
    regenerate_avatar = models.BooleanField()

    class Meta:
        app_label = "application"
        managed = False
        db_table = "personas"


class Avatar(models.Model):
    """The row of generation A beside the persona."""

    id = models.UUIDField(primary_key=True)
    persona = models.ForeignKey(Persona, on_delete=models.DO_NOTHING)
    avatar_url = models.TextField(null=True)
    avatar_thumbnail_url = models.TextField(null=True)
    avatar_local_path = models.TextField(null=True)
    prompt_usado = models.TextField(null=True)
    metadados = models.JSONField(null=True)

    class Meta:
        app_label = "application"
        managed = False
        db_table = "personas_avatares"


class PersonaOfC(models.Model):
    """Generation C, with the flag."""

    id = models.UUIDField(primary_key=True)
    full_name = models.CharField(max_length=255)
    cargo = models.CharField(max_length=100, null=True)
    empresa_id = models.UUIDField(null=True)
    avatar_url = models.TextField(null=True)
    metadata = models.JSONField(null=True)
    regenerate_avatar = models.BooleanField()

    class Meta:
        app_label = "application"
        managed = False
        db_table = "personas"
