-- SPDX-License-Identifier: GPL-2.0-or-later
-- What somebody would write first for sqlite3, with the records' text as input; as cjson_loop.c.
.mode ascii
.separator "\037" "\n"
CREATE TABLE lines(line);
.import /dev/stdin lines
.mode list
.separator "\t" "\n"
SELECT run, state FROM (
	SELECT json_extract(line, '$.context.run') AS run, json_extract(line, '$.context.state') AS state,
	       max(json_extract(line, '$.timestamp'))
	FROM lines WHERE json_extract(line, '$.name') = 'finish' GROUP BY run)
ORDER BY run;
