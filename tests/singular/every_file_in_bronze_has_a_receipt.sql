-- Every file in bronze has a receipt, unless its run is the last that worked on the table: that one
-- may still be at work, or have died (`files_of_the_last_run_have_receipts`). Otherwise a backfill
-- died and is to be run again, a receipt was removed (another test then finds the gap it leaves),
-- or someone else put the file there, which is everyone's right.
{{ config(severity='warn') }}

{{ files_without_receipt(of_the_last_run=false) }}
