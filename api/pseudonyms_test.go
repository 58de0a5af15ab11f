package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestATextIsOneThroughoutACopy: what is common among customers is so on every page, however
// few stand on one.
func TestATextIsOneThroughoutACopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	var calls []string
	for i := range 6 {
		calls = append(calls, fmt.Sprintf(`{"type": "identify", "userId": "u%d", "messageId": "m%d", "traits": {"club": "Chess club", "motto": "motto of %d"}}`, i, i, i))
	}
	w.must("POST", "/v1/batch", `{"batch": [`+strings.Join(calls, ",")+`]}`, "Authorization", "Bearer "+writeKey)
	seen, cursor := 0, ""
	for {
		var page struct {
			Customers []struct {
				Histories []struct {
					Events []struct{ Traits struct{ Club, Motto string } }
				}
			}
			Next string
		}
		if err := json.Unmarshal([]byte(w.must("GET", "/v1/pseudonymised?customers=2&cursor="+cursor, "")), &page); err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Customers {
			seen++
			if hers := c.Histories[0].Events[0].Traits; hers.Club != "Chess club" || !strings.HasPrefix(hers.Motto, "p-") {
				t.Errorf("customer %d: %+v", seen, hers)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if seen != 6 {
		t.Errorf("there are %d customers", seen)
	}
}
