"""Features that the service accepts and its Python models (10.0.0) lack, from public factories.

Data Factory Studio is ahead of the models: it may write a property that no model has. The entries
here are documented, or were found in files that Studio had written.
"""

# By model, properties in lower case; a model's subclasses have them too.
PROPERTIES: dict[str, tuple[str, ...]] = {
    "AzureDatabricksLinkedServiceTypeProperties": ("clusteroption",),
    "DataFlowSink": ("script",),
    "DataFlowSource": ("script",),
    "ExecuteDataFlowActivityTypeProperties": ("cachesinks",),
    "FactoryProperties": ("globalconfigurations",),
    "HttpReadSettings": ("enablepartitiondiscovery", "partitionrootpath"),
    "JsonWriteSettings": ("quotealltext",),
    "OracleSource": ("convertdecimaltointeger",),
    "OrcDatasetTypeProperties": ("compressioncodec",),
    "Pipeline": ("lastmodifiedbyobjectid", "lastpublishtime"),
    "ServicePrincipalCredentialTypeProperties": ("azurecloudtype",),
    "SynapseNotebookActivityTypeProperties": ("snapshot",),
    "Transformation": ("script",),
}

# Properties that the models' documentation calls text, but that accept JSON of any kind.
ANY_JSON = ("body", "requestbody", "additionalheaders", "paginationrules")

# Additional values of enumerations. Studio names a variable's type Boolean or Integer, and a web
# activity's method may be PATCH.
VALUES: dict[str, tuple[str, ...]] = {
    "VariableType": ("Boolean", "Integer"),
    "WebActivityMethod": ("PATCH",),
    "AzureFunctionActivityMethod": ("PATCH",),
    "WebHookActivityMethod": ("GET", "PUT", "DELETE", "PATCH"),
}

# Enumerations that are not kept up to date: a catalogue's pricing tier may be S1 or GP_S_Gen5_2.
OPEN_VALUES = ("IntegrationRuntimeSsisCatalogPricingTier",)

# Properties that the models require and the service does not: a tumbling window trigger may lack
# its pipeline.
OPTIONAL: frozenset[tuple[str, str]] = frozenset({("TumblingWindowTrigger", "pipeline")})

# These base models use another discriminator than `type` for their subclasses.
DISCRIMINATORS: dict[str, str] = {
    "LinkedIntegrationRuntimeType": "authorizationType",
    "WebLinkedServiceTypeProperties": "authenticationType",
}
