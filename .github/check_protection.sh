#!/usr/bin/env bash
# Checks that the repository is protected as docs/deployment.md requires: the rules of .github/rulesets/main.json on
# main, and environments that only main may deploy to. Usage:
#   check_protection.sh        in GITHUB_REPOSITORY (owner/name), signed in to gh
# Stricter rules are accepted. The token needs to read the repository and its actions.
set -euo pipefail
cd "$(dirname "$0")"
repository=${GITHUB_REPOSITORY:?"error: name the repository in GITHUB_REPOSITORY"}
wrong=0

report() {
    echo "error: $1" >&2
    wrong=1
}
active=$(gh api "repos/$repository/rules/branches/main?per_page=100")
missing=$(jq --null-input --raw-output --argjson active "$active" --slurpfile file rulesets/main.json '
    def covers($have; $want):
        if ($want | type) == "object" then
            ($have | type) == "object" and ([$want | keys[] as $key | covers($have[$key]; $want[$key])] | all)
        elif ($want | type) == "array" then
            ($have | type) == "array" and ([$want[] as $one | [$have[] as $other | covers($other; $one)] | any] | all)
        elif ($want | type) == "number" then ($have | type) == "number" and $have >= $want
        else $have == $want end;
    $file[0].rules[] as $rule | select([$active[] | covers(.; $rule)] | any | not) | $rule.type')
for rule in $missing; do
    report "main lacks the rule '$rule' of .github/rulesets/main.json; import the file in Settings, Rules"
done
for environment in production production-synapse; do
    place="repos/$repository/environments/$environment"
    policy=$(gh api "$place" --jq '.deployment_branch_policy | [.protected_branches, .custom_branch_policies] | @csv') \
        || { report "there is no environment '$environment'; create it"; continue; }
    branches=$(gh api "$place/deployment-branch-policies" --jq '[.branch_policies[].name] | join(" ")')
    if [ "$policy" != "false,true" ] || [ "$branches" != main ]; then
        report "the environment '$environment' accepts other branches than main; limit it to main"
    fi
done
exit "$wrong"
