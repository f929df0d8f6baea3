-- Names of users are personal data, so readers do not get them from the view. Run this script in
-- the database after dbt has created the views; they keep the permission from then on (CREATE OR
-- ALTER VIEW keeps permissions). It protects reports, not the files (05).
IF OBJECT_ID(N'serving.dim_user', N'V') IS NOT NULL
BEGIN
    DENY SELECT ON OBJECT::serving.dim_user(user_name) TO serving_reader;
END;
GO
