-- A file in bronze has its receipt even if no run has ended since. Otherwise its run is still
-- running, or it was interrupted before it wrote the receipt: run `medallion ingest` again, which
-- writes the receipt.
{{ config(severity='warn') }}

{{ files_without_receipt(of_the_last_run=true) }}
