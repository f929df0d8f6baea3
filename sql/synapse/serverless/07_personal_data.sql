-- Names of users are personal data: readers do not get them from the view. In the database, after dbt has made the
-- views, which keep it from then on (CREATE OR ALTER VIEW keeps permissions). It guards reports, not the files (05).
IF OBJECT_ID(N'serving.dim_user', N'V') IS NOT NULL
BEGIN
    DENY SELECT ON OBJECT::serving.dim_user(user_name) TO serving_reader;
END;
GO
