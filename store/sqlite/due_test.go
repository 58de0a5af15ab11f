package sqlite

import (
	"strings"
	"testing"
)

// TestDueReadsOnlyWhatIsDue: the walk through the index of wake-ups ends at the
// instant that is asked for, not at the last wake-up there is. SQLite's program says
// so: what ends the walk compares with the register that holds the first parameter.
func TestDueReadsOnlyWhatIsDue(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	asked, ends := map[int64]bool{}, []int64{}
	err := s.query(t.Context(), func(r row) error {
		switch op, p1, p2, p3 := r.text(1), r.int(2), r.int(3), r.int(4); {
		case op == "Variable" && p1 == 1:
			asked[p2] = true
		case op == "IdxGT" || op == "IdxGE":
			ends = append(ends, p3)
		}
		return nil
	}, "explain "+dueQuery, int64(500), int64(10))
	if err != nil {
		t.Fatal(err)
	}
	if len(ends) != 1 || !asked[ends[0]] {
		t.Errorf("the walk ends at registers %v, and the instant stands in %v", ends, asked)
	}
}

// TestLanesAreFoundByTheirIndex: with any number of messages waiting, what is due in a
// lane is one walk through the index of lanes, and nothing is sorted.
func TestLanesAreFoundByTheirIndex(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	var plan []string
	err := s.query(t.Context(), func(r row) error {
		plan = append(plan, r.text(3))
		return nil
	}, "explain query plan select id"+inLane+" order by due_at, id limit 10", "email", int64(1), int64(500))
	if err != nil {
		t.Fatal(err)
	}
	if len(plan) != 1 || !strings.HasSuffix(plan[0], "INDEX message_lane (channel=? AND <expr>=? AND due_at<?)") {
		t.Errorf("%q", plan)
	}
}
