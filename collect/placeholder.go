package collect

import "strings"

// isPlaceholder reports whether an id is what a program writes when it has none,
// such as the text of an empty variable. Everybody whom a page gives the same one
// would become one customer, and every event after the first under the same
// message id would count as its repeat.
func isPlaceholder(id string) bool {
	const longest = len("00000000-0000-0000-0000-000000000000")
	if len(id) > longest+2 {
		return false
	}
	id = strings.ToLower(strings.Trim(id, ` "'`))
	switch id {
	case "null", "(null)", "<null>", "nil", "<nil>", "none", "undefined", "nan", "n/a", // no value
		"true", "false", "[object object]", "object", "0", "-1", "0.0", // a value that is no id
		"anonymous", "guest", "unknown", "not_authenticated", "not_logged_in", // nobody in particular
		"userid", "user_id", "anonymousid", "anonymous_id", "distinct_id", "messageid", "message_id", // a name in its value's place
		"00000000-0000-0000-0000-000000000000":
		return true
	}
	return false
}
