package main

// trendFaults are those of leaving segments alone that one more event can't move.
func trendFaults() []fault {
	trends := tests{"./rule", "TestTrendsAreKept", true}
	segments := tests{"./segment", "BruteForce", true}
	return []fault{
		{"more events of what must not be too many move nobody out", "rule/trend.go", "return downwards", "return upwards", trends, 100},
		{"the last event without any stays away", "rule/trend.go", "return yesStays, last.length()", "return upwards, last.length()", trends, 300},
		{"a sum that is too small never grows by itself", "rule/trend.go", "c.measure == countOf && c.moves()", "c.moves()", trends, 1000},
		{"what is in the way is the rest of an or", "rule/trend.go", "case OpAnd:\n\t\tfor", "case OpAnd, OpOr:\n\t\tfor", trends, 1000},
		{"a sum that falls leaves members in", "segment/update.go", "if fell || !p.stays(reader, now) {", "if !p.stays(reader, now) {", segments, 300},
		{"a member stays whatever happens", "segment/update.go", "return r.trend.Up && (", "return (", segments, 100},
	}
}
