"""Log sequence numbers of 10 bytes: in hex, 8 digits of the file, 8 of the block, 4 of the slot.

They sort like SQL Server's `00000000:00000000:0000`. The emulator numbers log records with one
integer, the position. A transaction starts on a new block.
"""

SLOTS = 200  # records per block
BLOCKS = 100_000  # blocks per virtual log file
BLOCK_STEP = 8  # blocks are numbered in sectors of 512 bytes: one block is 4 KiB
FIRST_FILE = 42
FIRST_BLOCK = 16


def to_bytes(position: int) -> bytes:
    """The LSN of a position in the log."""
    block, slot = divmod(position, SLOTS)
    file, block = divmod(block, BLOCKS)
    number = f"{FIRST_FILE + file:08X}{FIRST_BLOCK + block * BLOCK_STEP:08X}{slot + 1:04X}"
    return bytes.fromhex(number)


def to_position(lsn: bytes) -> int:
    """The position for which `to_bytes` returned this LSN."""
    file, block, slot = lsn[:4], lsn[4:8], lsn[8:]
    blocks = (int.from_bytes(file, "big") - FIRST_FILE) * BLOCKS
    blocks += (int.from_bytes(block, "big") - FIRST_BLOCK) // BLOCK_STEP
    return blocks * SLOTS + int.from_bytes(slot, "big") - 1


def next_block(position: int) -> int:
    """The first position of the block after `position`."""
    return (position // SLOTS + 1) * SLOTS


def sql(position: str) -> str:
    """DuckDB's expression for `to_bytes` of the expression `position`."""
    return (
        f"unhex(printf('%08X%08X%04X', {FIRST_FILE} + ({position}) // {SLOTS * BLOCKS}, "
        f"{FIRST_BLOCK} + (({position}) // {SLOTS}) % {BLOCKS} * {BLOCK_STEP}, "
        f"({position}) % {SLOTS} + 1))"
    )
