-- A file in bronze has its receipt also if no run has ended since. If not, its run is still at
-- work, or it died before the receipt: run `medallion ingest` again, and the receipt is there.
{{ config(severity='warn') }}

{{ files_without_receipt(of_the_last_run=true) }}
