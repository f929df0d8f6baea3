-- The plans of each account over time, for customer care: without the name, which is masked.
SELECT user_id, subscription_type, country, valid_from, valid_to, is_current
FROM serving.dim_user
WHERE user_id > 0
ORDER BY user_id, valid_from;
