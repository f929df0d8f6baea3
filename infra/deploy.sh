#!/usr/bin/env bash
# Deploys infra/template.json with the parameters of an environment, as the deployment `infra`. Usage:
#   deploy.sh ENVIRONMENT [what-if]      in MEDALLION_SUBSCRIPTION_ID and MEDALLION_RESOURCE_GROUP, signed in to az
# `what-if` shows the changes and makes none. A budget begins on the first of a month that is not past, and keeps
# this day: the script gives the day of the existing budget, or the first of this month.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${1:?"error: give the environment, of which infra/ has a parameters.*.json"}
action=${2:-create}
group=${MEDALLION_RESOURCE_GROUP:?"error: name the resource group in MEDALLION_RESOURCE_GROUP"}
subscription=${MEDALLION_SUBSCRIPTION_ID:?"error: name the subscription in MEDALLION_SUBSCRIPTION_ID"}
file=infra/parameters.$environment.json
[ -f "$file" ] || { echo "error: there is no $file; write one" >&2; exit 1; }
case $action in
    create | what-if) ;;
    *) echo "error: '$action' is neither what-if nor create" >&2; exit 1 ;;
esac

prefix=$(jq -r '.parameters.prefix.value // "medallion"' "$file")
[[ $prefix =~ ^[a-z][a-z0-9]{1,9}$ ]] \
    || { echo "error: the prefix '$prefix' must be a small letter and one to nine small letters or digits" >&2; exit 1; }

budgets="https://management.azure.com/subscriptions/$subscription/resourceGroups/$group"
budgets+="/providers/Microsoft.Consumption/budgets?api-version=2024-08-01"
start=$(az rest --method get --url "$budgets" \
    --query "value[?starts_with(name, 'budget-')].properties.timePeriod.startDate | [0]" --output tsv)
start=${start:0:10}
[[ $start =~ ^20 ]] || start=$(date -u +%Y-%m-01)
az deployment group "$action" --subscription "$subscription" --resource-group "$group" --name infra \
    --template-file infra/template.json --parameters "@$file" "budgetStart=$start"
