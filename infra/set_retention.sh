#!/usr/bin/env bash
# Sets how long the source keeps its change tables: the parameter `cdcRetentionHours` of the deployment `infra`, from
# which its alert about missing ingestions is derived too. Usage:
#   set_retention.sh        in MEDALLION_SUBSCRIPTION_ID and MEDALLION_RESOURCE_GROUP, signed in to az
# The signed-in person is a member of the administrators' group. Run it after each change of the parameter.
set -euo pipefail
group=${MEDALLION_RESOURCE_GROUP:?"error: name the resource group in MEDALLION_RESOURCE_GROUP"}
subscription=${MEDALLION_SUBSCRIPTION_ID:?"error: name the subscription in MEDALLION_SUBSCRIPTION_ID"}

output() {
    az deployment group show --subscription "$subscription" --resource-group "$group" --name infra \
        --query "properties.outputs.$1.value" --output tsv
}
hours=$(output cdcRetentionHours)
server=$(output sqlServer)
database=$(output sqlDatabase)
[[ $hours =~ ^[1-9][0-9]*$ ]] || { echo "error: the deployment infra gives no cdcRetentionHours: deploy infra/template.json" >&2; exit 1; }
query() {
    sqlcmd -S "$server" -d "$database" -G -b -h -1 -W -Q "$1"
}
query "EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = $((hours * 60));"
# The procedure does not say what it changed, so the stored value counts.
found=$(query "SET NOCOUNT ON; SELECT retention FROM cdc.cdc_jobs WHERE job_type = N'cleanup';" | tr -d '[:space:]')
if [ "$found" != "$((hours * 60))" ]; then
    echo "error: the change tables of $database are kept for '$found' minutes, not for $((hours * 60))" >&2
    exit 1
fi
echo "the change tables of $database are kept for $hours hours"
