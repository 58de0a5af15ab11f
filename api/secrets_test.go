package api_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"rapport"
)

// drawer keeps a world's secrets. The channel mail needs SMTP_PASSWORD.
type drawer struct {
	mu     sync.Mutex
	values map[string]string
}

func (d *drawer) SetSecret(_ context.Context, name, value string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if value == "" {
		return nil, rapport.Errorf(rapport.Invalid, "The secret's value is empty.")
	}
	if d.values == nil {
		d.values = map[string]string{}
	}
	d.values[name] = value
	if name == "SMTP_PASSWORD" {
		return []string{"mail"}, nil
	}
	return nil, nil
}

func (d *drawer) DeleteSecret(_ context.Context, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch _, ok := d.values[name]; {
	case !ok:
		return rapport.Errorf(rapport.NotFound, "There is no secret %q.", name)
	case name == "SMTP_PASSWORD":
		return rapport.Errorf(rapport.Conflict, "Channel mail needs the secret %s.", name)
	}
	delete(d.values, name)
	return nil
}

func (d *drawer) SecretNames(context.Context) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.values)), nil
}

// TestSecretsAreNotTold: a secret's value is in no answer, in no log and in nothing
// that is kept for an Idempotency-Key, whatever is wrong with the request.
func TestSecretsAreNotTold(t *testing.T) {
	t.Parallel()
	const value = "open-sesame-4711"
	w := newWorld(t, options{})
	var told strings.Builder
	for _, body := range []string{
		`{"value":"` + value + `"}`, `{"valu":"` + value + `"}`, `{"value":["` + value + `"]}`, `"` + value + `"`, value, `{"value":"` + value,
		`{"value":"` + value + strings.Repeat("x", 600<<10) + `"}`,
	} {
		for _, name := range []string{"SMTP_PASSWORD", strings.Repeat("N", 70)} {
			answer := w.call(http.MethodPut, "/v1/secrets/"+name, body, "Idempotency-Key", "k")
			if answer.Code == http.StatusUnprocessableEntity {
				t.Error("a hash of the body was kept for the Idempotency-Key")
			}
			told.WriteString(answer.Body.String())
			told.WriteString(strings.Join(slices.Concat(slices.Collect(maps.Values(answer.Header()))...), " "))
		}
	}
	told.WriteString(w.must(http.MethodGet, "/v1/secrets", ""))
	if !strings.Contains(told.String(), `"SMTP_PASSWORD"`) {
		t.Errorf("the secret was not set: %s", &told)
	}
	if strings.Contains(told.String(), value) {
		t.Errorf("the value was told: %s", &told)
	}
	if strings.Contains(w.log.String(), value) {
		t.Errorf("the value was logged: %s", w.log)
	}
}
