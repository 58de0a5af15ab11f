package postgres

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rapport/store/postgres/pgtest"
)

func TestServerVersions(t *testing.T) {
	t.Parallel()
	for version, good := range map[string]bool{
		"9.6.24": false, "12.17": false, "13.0": true, "15.18 (Debian 15.18-0+deb12u1)": true, "17beta1": true, "18": true, "unheard of": true,
	} {
		if err := checkVersion(version); err == nil != good {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// TestKeysAreFoundByTheirIndex: what the flow asks with every batch is a walk through
// an index and nothing is sorted, also by a plan that was made while the tables were
// empty.
func TestKeysAreFoundByTheirIndex(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), pgtest.URL(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for text, index := range map[string]string{
		"select wake, customer from record where wake <= 500 and wake < 9223372036854775807 order by wake, customer limit 10":                                        "record_wake",
		"select " + messageColumns + strings.NewReplacer("$1", "'email'", "$2", "1", "$3", "500").Replace(inLane) + " order by due_at, id limit 10":                  "message_lane",
		"select " + messageColumns + " from message where status = 3 order by created_at, id limit 10":                                                               "message_notable",
		"select place, " + recordColumns + " from unnest(array[null::uuid]) with ordinality as asked (customer, place) join record r on r.customer = asked.customer": "record_pkey",
		"select journey from decision where customer = '00000000-0000-0000-0000-000000000000' order by at desc, n desc limit 10":                                     "decision_pkey",
	} {
		plan := explain(t, s, text)
		if !strings.Contains(plan, index) || strings.Contains(plan, "Sort") || strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s\n%s", text, plan)
		}
	}
}

func explain(t *testing.T, s *Store, text string) string {
	t.Helper()
	conn, err := s.readers.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	rows, err := conn.Query(context.Background(), "explain "+text)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
