#!/usr/bin/env bash
# Deploys adf/arm into the factory of the deployment `infra`, and sets the id of the job that builds. Usage:
#   deploy_factory.sh JOB_ID        in MEDALLION_SUBSCRIPTION_ID and MEDALLION_RESOURCE_GROUP, signed in to az
# Optional: MEDALLION_REFERENCE_URL is the address of the reference files, MEDALLION_ALERT_WEBHOOK gets failures.
# Resources that were removed from adf/ stay in the factory: an incremental deployment deletes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
job=${1:?"error: give the id of the Databricks job that runs dbt"}
group=${MEDALLION_RESOURCE_GROUP:?"error: name the resource group in MEDALLION_RESOURCE_GROUP"}
subscription=${MEDALLION_SUBSCRIPTION_ID:?"error: name the subscription in MEDALLION_SUBSCRIPTION_ID"}

output() {
    az deployment group show --subscription "$subscription" --resource-group "$group" --name infra \
        --query "properties.outputs.$1.value" --output "$2"
}
factory=$(output factoryName tsv)
parameters=$(mktemp)
output factoryParameters json > "$parameters"
overrides=("default_properties_dbt_job_id_value=$job")
if [ -n "${MEDALLION_REFERENCE_URL:-}" ]; then
    overrides+=("default_properties_github_url_value=$MEDALLION_REFERENCE_URL")
fi
if [ -n "${MEDALLION_ALERT_WEBHOOK:-}" ]; then
    overrides+=("default_properties_alert_webhook_value=$MEDALLION_ALERT_WEBHOOK")
fi

triggers="https://management.azure.com/subscriptions/$subscription/resourceGroups/$group"
triggers+="/providers/Microsoft.DataFactory/factories/$factory/triggers"
version="api-version=2018-06-01"
# A started trigger cannot be changed. Stop the started triggers, and start them again at the end, also after a failure.
started=$(az rest --method get --url "$triggers?$version" \
    --query "value[?properties.runtimeState=='Started'].name" --output tsv)
restart() {
    for trigger in $started; do
        az rest --method post --url "$triggers/$trigger/start?$version"
    done
}
trap restart EXIT
for trigger in $started; do
    az rest --method post --url "$triggers/$trigger/stop?$version"
done
az deployment group create --subscription "$subscription" --resource-group "$group" --name factory \
    --template-file adf/arm/ARMTemplateForFactory.json --parameters "@$parameters" "${overrides[@]}" --output none
