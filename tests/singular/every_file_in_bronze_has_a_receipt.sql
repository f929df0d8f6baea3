-- Every file in bronze has a receipt, unless its run is the last run of the table: that run may
-- still be running or was interrupted (`files_of_the_last_run_have_receipts`). Otherwise there are
-- three possible causes: a backfill was interrupted and must be run again; a receipt was removed,
-- and another test finds the gap; or someone else put the file there, which is allowed.
{{ config(severity='warn') }}

{{ files_without_receipt(of_the_last_run=false) }}
