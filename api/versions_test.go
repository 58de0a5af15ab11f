package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"rapport/store"
)

// A version that a later program would not take is not gone back to, and it is said which
// document it is about.
func TestRollbackToWhatIsNoLongerTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.apply("testdata/workspace.yaml")
	if err := w.store.SaveVersion(t.Context(), store.Version{Number: 2, Documents: []store.Document{
		{Kind: "segment", Name: "fine", Body: []byte("kind: segment\nname: fine\nwhere: \"true\"\n")},
		{Kind: "segment", Name: "old", Body: []byte("kind: segment\nname: old\nwhere: formerly(customer.x)\n")},
	}}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/rollback", "/v1/rollback?dry=true"} {
		answer := w.call(http.MethodPost, path, `{"version": 2}`, "Content-Type", "application/json")
		var p struct {
			Detail string
			Errors []struct{ File, Path string }
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if answer.Code != http.StatusBadRequest || !strings.HasPrefix(p.Detail, "Version 2 can't be in force any more. 1 thing is wrong with the documents, so nothing was changed. The first: segment/old.yaml:3:8: where: ") ||
			len(p.Errors) != 1 || p.Errors[0].File != "segment/old.yaml" {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	if got := w.must(http.MethodGet, "/v1/segments/thais", ""); !strings.Contains(got, "TH") {
		t.Errorf("something was changed: %s", got)
	}
}
