package collect

import "rapport"

// Batch is the call that carries many events; each of the others carries one of
// the type of its name.
const Batch rapport.EventType = 0

// A call under all of its names: the documented one, and those that official
// clients use (browsers and phones the first letter, older servers import).
var calls = [...]struct {
	call  rapport.EventType
	names []string
}{
	{Batch, []string{"batch", "b", "import"}},
	{rapport.Identify, []string{"identify", "i"}},
	{rapport.Track, []string{"track", "t"}},
	{rapport.Page, []string{"page", "p"}},
	{rapport.Screen, []string{"screen", "s"}},
	{rapport.Group, []string{"group", "g"}},
	{rapport.Alias, []string{"alias", "a"}},
}

// CallNames returns every name that [ParseCall] knows.
func CallNames() []string {
	var names []string
	for _, c := range calls {
		names = append(names, c.names...)
	}
	return names
}

// ParseCall reads the name of a call, the last part of its path.
func ParseCall(name string) (rapport.EventType, bool) {
	for _, c := range calls {
		for _, n := range c.names {
			if n == name {
				return c.call, true
			}
		}
	}
	return 0, false
}
