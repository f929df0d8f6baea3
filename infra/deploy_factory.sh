#!/usr/bin/env bash
# Deploys adf/arm into the factory of the deployment `infra`, and sets the id of the job that builds. Usage:
#   deploy_factory.sh JOB_ID        in MEDALLION_SUBSCRIPTION_ID and MEDALLION_RESOURCE_GROUP, signed in to az
# Optional: MEDALLION_REFERENCE_URL is the address of the reference files.
# Afterwards a trigger runs if its `runtimeState` in adf/trigger/ is Started, and is stopped if not, whatever its
# state was before. Resources that were removed from adf/ stay in the factory: an incremental deployment deletes
# nothing, so a trigger that was removed is stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
job=${1:?"error: give the id of the Databricks job that runs dbt"}
group=${MEDALLION_RESOURCE_GROUP:?"error: name the resource group in MEDALLION_RESOURCE_GROUP"}
subscription=${MEDALLION_SUBSCRIPTION_ID:?"error: name the subscription in MEDALLION_SUBSCRIPTION_ID"}
pause=${MEDALLION_RETRY_SECONDS:-20}

output() {
    az deployment group show --subscription "$subscription" --resource-group "$group" --name infra \
        --query "properties.outputs.$1.value" --output "$2"
}
wanted=$(jq -r 'select(.properties.runtimeState == "Started") | .name' adf/trigger/*.json)
factory=$(output factoryName tsv)
parameters=$(mktemp)
output factoryParameters json > "$parameters"
overrides=("default_properties_dbt_job_id_value=$job")
if [ -n "${MEDALLION_REFERENCE_URL:-}" ]; then
    overrides+=("default_properties_github_url_value=$MEDALLION_REFERENCE_URL")
fi

triggers="https://management.azure.com/subscriptions/$subscription/resourceGroups/$group"
triggers+="/providers/Microsoft.DataFactory/factories/$factory/triggers"
version="api-version=2018-06-01"

list() { # the names of the factory's triggers that match a query of az
    az rest --method get --url "$triggers?$version" --query "value[$1].name" --output tsv
}
turn() { # start or stop one trigger: the service is sometimes busy with the one before
    local attempt
    for attempt in 1 2 3; do
        [ "$attempt" = 1 ] || sleep "$pause"
        if az rest --method post --url "$triggers/$1/$2?$version" --output none; then return 0; fi
    done
    echo "error: the trigger $1 did not $2" >&2
    return 1
}
finish() { # also after a failure: no error of one trigger may leave another one stopped
    local status=$? failed=() existing trigger
    trap - EXIT
    set +e
    rm -f "$parameters"
    existing=$(list '') || existing=$wanted
    for trigger in $wanted; do
        if grep -qxF "$trigger" <<< "$existing"; then
            turn "$trigger" start || failed+=("$trigger")
        elif [ "$status" = 0 ]; then
            failed+=("$trigger")
        fi
    done
    if [ "${#failed[@]}" != 0 ]; then
        echo "error: these triggers must run, and do not: ${failed[*]}. Start them in the factory $factory." >&2
        [ "$status" != 0 ] || status=1
    fi
    exit "$status"
}
trap finish EXIT

# A started trigger cannot be changed.
started=$(list "?properties.runtimeState!='Stopped'")
for trigger in $started; do
    turn "$trigger" stop
done
az deployment group create --subscription "$subscription" --resource-group "$group" --name factory \
    --template-file adf/arm/ARMTemplateForFactory.json --parameters "@$parameters" "${overrides[@]}" --output none
