-- What concerns the installation and people's data needs a scope of its own. Whoever could do it goes on.
UPDATE token SET scopes = scopes || ' admin'
WHERE ' ' || scopes || ' ' LIKE '% manage %' AND ' ' || scopes || ' ' NOT LIKE '% admin %';
