-- The pool itself is created in Azure, with its size. This script prevents readers from seeing
-- uncommitted data: by default they would see it, and could read a day of a fact that is deleted and
-- not yet inserted again. Run it in `master`, while there is no other connection to the pool.
-- Variables of sqlcmd: $(Pool) is the pool's name.
ALTER DATABASE [$(Pool)] SET READ_COMMITTED_SNAPSHOT ON;
GO
