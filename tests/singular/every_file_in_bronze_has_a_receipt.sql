-- Every file in bronze has a receipt, unless its run is the last that worked on the table: that one
-- may still be at work, or have died (`files_of_the_last_run_have_receipts`). Otherwise the receipt
-- was removed, or someone else put the file there. A backfill that died is to be run again.
{{ files_without_receipt(of_the_last_run=false) }}
