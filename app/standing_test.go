package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"rapport/journey"
)

// Of two who put a journey in different standings at once, the one who pauses it does not
// take it back out of the archive.
func TestStandingsDoNotOvertake(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.puts("one", "")
	for range 100 {
		var both sync.WaitGroup
		for _, verb := range []string{"pause", "archive"} {
			both.Go(func() {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/journeys/tips/"+verb, strings.NewReader(""))
				r.Header.Set("Authorization", "Bearer rk_test_office")
				w := httptest.NewRecorder()
				o.face.ServeHTTP(w, r)
				if w.Code != http.StatusOK && (verb == "archive" || w.Code != http.StatusConflict) {
					t.Errorf("%s: %d %s", verb, w.Code, w.Body)
				}
			})
		}
		both.Wait()
		if s := o.app.Workspaces.Current().Standings["tips"]; s.State != journey.Archived {
			t.Fatalf("it is %v", s.State)
		}
		o.ask(http.MethodPost, "/v1/journeys/tips/restore", "")
	}
}
