package rapport

import (
	"testing"

	"pgregory.net/rapid"
)

// TestIDsAreWrittenAndRead: an id is written as the encoding that reads it would write it, and
// comes back from that.
func TestIDsAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := CustomerID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if got, want := id.String(), "cus_"+idEncoding().EncodeToString(id[:]); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		if back, ok := ParseCustomerID(id.String()); !ok || back != id {
			t.Fatalf("%v comes back as %v, %v", id, back, ok)
		}
	})
}
