-- Redeliveries are what is left after everything else is counted: fewer than none would mean that a
-- landed row was counted twice. What is then to do: look at the staging model's change identity.
select *
from {{ ref('reconciliation') }}
where
    redelivered < 0
    or landed
    != before_images + redelivered + applied + deleted + collapsed + superseded + quarantined
