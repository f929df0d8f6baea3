class MedallionError(Exception):
    """A user's mistake or a bad input, told in one sentence: the thing, its place and the mend.

    The command line prints the sentence without a traceback and exits with status 1.
    """
