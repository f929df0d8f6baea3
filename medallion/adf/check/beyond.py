"""What the service takes and its Python models (10.0.0) lack, as seen in public factories.

Data Factory Studio runs ahead of the models: a property that is in no model may still be one that
Studio itself writes. What is here was met in files that Studio had written, or is documented.
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

# Properties that the models' documentation calls text, where JSON of any kind is taken.
ANY_JSON = ("body", "requestbody", "additionalheaders", "paginationrules")

# Further values of enumerations. Studio names a variable's type Boolean or Integer, and a web
# activity's method may be PATCH.
VALUES: dict[str, tuple[str, ...]] = {
    "VariableType": ("Boolean", "Integer"),
    "WebActivityMethod": ("PATCH",),
    "AzureFunctionActivityMethod": ("PATCH",),
    "WebHookActivityMethod": ("GET", "PUT", "DELETE", "PATCH"),
}

# Enumerations that are not kept up to date: a catalogue's pricing tier may be S1 or GP_S_Gen5_2.
OPEN_VALUES = ("IntegrationRuntimeSsisCatalogPricingTier",)

# Properties that the models require and the service does not: a tumbling window trigger may wait
# for its pipeline.
OPTIONAL: frozenset[tuple[str, str]] = frozenset({("TumblingWindowTrigger", "pipeline")})

# The models tell these bases' subclasses apart by another property than `type`.
DISCRIMINATORS: dict[str, str] = {
    "LinkedIntegrationRuntimeType": "authorizationType",
    "WebLinkedServiceTypeProperties": "authenticationType",
}
