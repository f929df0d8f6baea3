"""The resource types that write logs, and their categories.

Source, read in November 2026: https://learn.microsoft.com/azure/azure-monitor/reference/logs-index
"""

from collections.abc import Mapping

# By type, the existing categories. A type in this list must have a diagnostic setting.
CATEGORIES: Mapping[str, frozenset[str]] = {
    "Microsoft.DataFactory/factories": frozenset(
        {
            "ActivityRuns",
            "PipelineRuns",
            "SandboxActivityRuns",
            "SandboxPipelineRuns",
            "TriggerRuns",
        }
    ),
    "Microsoft.Databricks/workspaces": frozenset(
        {
            "accounts",
            "clusters",
            "databrickssql",
            "dbfs",
            "deltaPipelines",
            "gitCredentials",
            "jobs",
            "notebook",
            "repos",
            "secrets",
            "sqlPermissions",
            "unityCatalog",
            "workspace",
        }
    ),
    "Microsoft.KeyVault/vaults": frozenset({"AuditEvent", "AzurePolicyEvaluationDetails"}),
    "Microsoft.Network/networkSecurityGroups": frozenset(
        {"NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"}
    ),
    "Microsoft.OperationalInsights/workspaces": frozenset({"Audit"}),
    "Microsoft.Sql/servers/databases": frozenset(
        {
            "AutomaticTuning",
            "Blocks",
            "DatabaseWaitStatistics",
            "Deadlocks",
            "DevOpsOperationsAudit",
            "Errors",
            "QueryStoreRuntimeStatistics",
            "QueryStoreWaitStatistics",
            "SQLInsights",
            "SQLSecurityAuditEvents",
            "Timeouts",
        }
    ),
    "Microsoft.Storage/storageAccounts/blobServices": frozenset(
        {"StorageDelete", "StorageRead", "StorageWrite"}
    ),
    "Microsoft.Synapse/workspaces": frozenset(
        {
            "BuiltinSqlReqsEnded",
            "GatewayApiRequests",
            "IntegrationActivityRuns",
            "IntegrationPipelineRuns",
            "IntegrationTriggerRuns",
            "SQLSecurityAuditEvents",
            "SynapseLinkEvent",
            "SynapseRbacOperations",
        }
    ),
    "Microsoft.Synapse/workspaces/sqlPools": frozenset(
        {
            "DmsWorkers",
            "ExecRequests",
            "RequestSteps",
            "SQLSecurityAuditEvents",
            "SqlRequests",
            "Waits",
        }
    ),
}
