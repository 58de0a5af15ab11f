package rule

import "math"

// Op says what a node of a rule's tree is.
type Op uint8

// The nodes of a tree. OpAnd and OpOr have two or more Args and none of their
// own kind below them; the other operators between two things have two.
const (
	OpNumber Op = iota + 1 // Number
	OpText                 // Text
	OpBool                 // Bool
	OpList                 // [Args...]
	OpName                 // Text: customer, order, now, a variable
	OpField                // Args[0].Text
	OpCall                 // Text(Args...)
	OpMethod               // Args[0].Text(Args[1:]...)
	OpNot                  // !Args[0]
	OpNeg                  // -Args[0]
	OpOr
	OpAnd
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpIn
	OpAdd
	OpSub
	OpMul
	OpDiv
)

// Expr is a rule's tree, or a part of one. Whoever shares one must not change it.
type Expr struct {
	Op     Op
	Text   string
	Number float64
	Bool   bool
	Args   []*Expr

	Start, End int // bytes of the text it was parsed from
}

// opNames are the operators as they are written.
var opNames = [...]string{
	OpNot: "!", OpNeg: "-", OpOr: "||", OpAnd: "&&", OpEq: "==", OpNe: "!=", OpLt: "<", OpLe: "<=", OpGt: ">", OpGe: ">=",
	OpIn: "in", OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/",
}

// equal reports whether two trees are the same, wherever they stood.
func (e *Expr) equal(o *Expr) bool {
	if e.Op != o.Op || e.Text != o.Text || e.Number != o.Number || e.Bool != o.Bool || len(e.Args) != len(o.Args) {
		return false
	}
	for i := range e.Args {
		if !e.Args[i].equal(o.Args[i]) {
			return false
		}
	}
	return true
}

// normal returns the tree as the parser would build it: and-chains and or-chains
// flat, a minus before a number part of the number.
func (e *Expr) normal() *Expr {
	n := *e
	n.Args = nil
	for _, arg := range e.Args {
		arg = arg.normal()
		if (e.Op == OpAnd || e.Op == OpOr) && arg.Op == e.Op {
			n.Args = append(n.Args, arg.Args...)
			continue
		}
		n.Args = append(n.Args, arg)
	}
	if e.Op == OpNeg && n.Args[0].Op == OpNumber && !math.Signbit(n.Args[0].Number) {
		return &Expr{Op: OpNumber, Number: -n.Args[0].Number, Start: e.Start, End: e.End}
	}
	return &n
}
