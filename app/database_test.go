package app_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/app"
	"rapport/store/postgres"
	"rapport/store/postgres/pgtest"
)

// TestFolderBesideDatabase: what is in the database is found again with the folder that
// holds the key of the secrets, which is one program's alone.
func TestFolderBesideDatabase(t *testing.T) {
	t.Parallel()
	config := app.Config{Data: t.TempDir(), Database: pgtest.URL(t), Sandbox: true}
	a, err := app.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SetSecret(t.Context(), "MAIL", "open sesame"); err != nil {
		t.Fatal(err)
	}
	other := config
	other.Database = pgtest.URL(t)
	if _, err := app.Open(t.Context(), other); rapport.KindOf(err) != rapport.Unavailable || !strings.Contains(rapport.MessageOf(err), "in use by another rapport") {
		t.Errorf("two programs have one folder: %v", err)
	}
	write := a.Write
	shut(t, a)
	if a, err = app.Open(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	defer shut(t, a)
	if names, err := a.SecretNames(t.Context()); err != nil || len(names) != 1 || a.Write != write {
		t.Errorf("secrets %v, error %v, write key %s and then %s", names, err, write, a.Write)
	}
	if entries, err := filepath.Glob(filepath.Join(config.Data, "*")); err != nil || len(entries) != 2 {
		t.Errorf("the folder holds %v, not the lock and the key of the secrets alone", entries)
	}
	config.Sandbox, config.Data = false, t.TempDir()
	if _, err := app.Open(t.Context(), config); rapport.KindOf(err) != rapport.Invalid {
		t.Errorf("a sandbox's database was opened as live: %v", err)
	}
}

// TestForgetDemoInDatabase: beginning a demo anew empties its database, unless that is
// somebody's live one.
func TestForgetDemoInDatabase(t *testing.T) {
	t.Parallel()
	for _, sandbox := range []bool{true, false} {
		data, database := t.TempDir(), pgtest.URL(t)
		a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Database: database, Sandbox: sandbox})
		if err != nil {
			t.Fatal(err)
		}
		shut(t, a)
		if err := os.WriteFile(filepath.Join(data, "shop.json"), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		err = app.ForgetDemo(t.Context(), data, database)
		if !sandbox && rapport.KindOf(err) != rapport.Invalid || sandbox && err != nil {
			t.Errorf("sandbox %v: %v", sandbox, err)
		}
		s, err := postgres.Open(t.Context(), database, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := s.Setting(t.Context(), "environment"); err != nil || (kept == nil) != sandbox {
			t.Errorf("sandbox %v: kept is %q, error %v", sandbox, kept, err)
		}
		s.Close()
	}
}

// TestCommitThatIsStuck: while nobody knows what became of a batch, since its connection
// broke under way and the database can't be reached, senders are not kept waiting; it
// goes on once that can be asked, and what is sent again counts once.
func TestCommitThatIsStuck(t *testing.T) {
	t.Parallel()
	network, address := pgtest.Through(t, pgtest.URL(t))
	a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Database: address, WriteKey: "wk_live_stuck", AdminKey: "rk_live_stuck"})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, a)
	face, err := a.Handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if method == http.MethodPost {
			r.SetBasicAuth("wk_live_stuck", "")
		} else {
			r.Header.Set("Authorization", "Bearer rk_live_stuck")
		}
		w := httptest.NewRecorder()
		face.ServeHTTP(w, r)
		return w
	}
	say := func(id string, want int) {
		t.Helper()
		w := ask(http.MethodPost, "/v1/track", `{"userId":"ann","event":"Tripped Over","messageId":"`+id+`"}`)
		if w.Code != want || want == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
			t.Errorf("event %s: %d, Retry-After %q, %s", id, w.Code, w.Header().Get("Retry-After"), w.Body)
		}
	}
	say("first", http.StatusOK)
	tripped := network.TripOver("Stumbled", pgtest.LoseAnswer)
	w := ask(http.MethodPost, "/v1/identify", `{"userId":"ann","messageId":"second","traits":{"email":"Stumbled@shop.example"}}`)
	<-tripped
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("the sender of a batch that is stuck hears %d, %s", w.Code, w.Body)
	}
	say("third", http.StatusServiceUnavailable)
	if w := ask(http.MethodGet, "/readyz", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "does not answer") {
		t.Errorf("it is ready: %d, %s", w.Code, w.Body)
	}
	network.Mend()
	for a.Store.State().Position < 2 {
		time.Sleep(time.Millisecond)
	}
	say("third", http.StatusOK)
	if w := ask(http.MethodPost, "/v1/identify", `{"userId":"ann","messageId":"second","traits":{"email":"Stumbled@shop.example"}}`); w.Code != http.StatusOK {
		t.Errorf("sent again: %d, %s", w.Code, w.Body)
	}
	if w := ask(http.MethodGet, "/v1/customers/ann/timeline", ""); strings.Count(w.Body.String(), `"messageId"`) != 3 {
		t.Errorf("of three events are there: %s", w.Body)
	}
}
