class MedallionError(Exception):
    """A user's mistake or a bad input, as one sentence: the thing, its place and the fix.

    The command line prints the sentence without a traceback and exits with status 1.
    """
