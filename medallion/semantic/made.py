"""The files that are made from the metrics."""

from pathlib import Path

from medallion.home import PROJECT_ROOT
from medallion.made_files import MadeFiles
from medallion.semantic import metric_views, power_bi
from medallion.semantic.definition import FILE, semantic_models


def made_files(project: Path = PROJECT_ROOT) -> MadeFiles:
    """The metric views and the Power BI model, beside the file of metrics."""
    models = semantic_models(project)
    return MadeFiles(
        project / FILE.parent,
        metric_views.texts(models) | power_bi.texts(models),
        "medallion metrics models",
        frozenset({FILE.name}),
    )
