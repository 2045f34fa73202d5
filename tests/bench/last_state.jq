# SPDX-License-Identifier: GPL-2.0-or-later
# What somebody would write first for jq, with -nr and the files' text as input; as cjson_loop.c.
reduce (inputs | select(.name == "finish")) as $record ({};
	if (.[$record.context.run].timestamp // 0) <= $record.timestamp
	then .[$record.context.run] = {timestamp: $record.timestamp, state: $record.context.state}
	else . end)
| to_entries | sort_by(.key)[] | "\(.key)\t\(.value.state)"
