SELECT carrier, COUNT(*) AS flights, AVG(dep_delay) AS average_delay
FROM flights
WHERE origin = 'JFK'
GROUP BY carrier
ORDER BY flights DESC
LIMIT 5;
