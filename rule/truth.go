package rule

// Truth is an answer in three values. The zero Truth is Unknown.
type Truth int8

// The answers. Unknown means that something the rule reads is not set.
const (
	No      Truth = -1
	Unknown Truth = 0
	Yes     Truth = 1
)

// TruthOf returns Yes or No.
func TruthOf(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Not turns Yes and No round; the opposite of Unknown is Unknown.
func (t Truth) Not() Truth { return -t }

// And is Kleene's and: No wins, then Unknown.
func (t Truth) And(u Truth) Truth { return min(t, u) }

// Or is Kleene's or: Yes wins, then Unknown.
func (t Truth) Or(u Truth) Truth { return max(t, u) }

// String returns yes, no or unknown.
func (t Truth) String() string {
	switch {
	case t > 0:
		return "yes"
	case t < 0:
		return "no"
	}
	return "unknown"
}
