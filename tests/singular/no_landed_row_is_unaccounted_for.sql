-- Every landed row has exactly one outcome. A difference means that staging dropped or duplicated a
-- row: check its change identity (key, LSN, sequence value, operation).
select
    source_table,
    landed
from {{ ref('reconciliation') }}
where
    landed
    != before_images + redelivered + applied + deleted + collapsed + superseded + quarantined
