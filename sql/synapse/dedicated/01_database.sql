-- The pool itself is made in Azure, with its size; here readers are kept from seeing a transaction halfway. By
-- default they read what is not committed, and could meet a day of plays that is deleted and not yet inserted.
-- In `master`, while nobody else is in the pool. sqlcmd's variables: $(Pool) is its name.
ALTER DATABASE [$(Pool)] SET READ_COMMITTED_SNAPSHOT ON;
GO
