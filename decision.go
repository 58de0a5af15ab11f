package rapport

// Decision is the answer to one wish to send: what was decided and each check
// on the way, in order, up to the first that failed.
type Decision struct {
	Customer  CustomerID
	Journey   string
	Step      string
	Outcome   string // "send", "wait", "drop"
	At        Instant
	Message   MessageID // set when the outcome is "send"
	Checks    []Check
	Change    string // the smallest change that would have let it pass
	Workspace uint64 // the version it was decided under
}

// Check is one question of a decision.
type Check struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Values string `json:"values,omitempty"` // what it saw
	Reason string `json:"reason,omitempty"` // why it failed, in words
}
