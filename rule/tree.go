package rule

import (
	"bytes"
	"encoding/json"
	"slices"

	"rapport"
)

// node is the JSON form of one node. Exactly one of Value, List, Name, Field,
// Call, Op and Rule says what it is:
//
//	{"value": "SG"}  {"list": [...]}  {"name": "customer"}
//	{"field": "country", "of": {...}}
//	{"call": "ago", "args": [...]}  {"call": "count", "of": {...}, "args": [...]}
//	{"op": "&&", "args": [...]}
//	{"rule": "any text of the language"}
//
// The last is read only: the builder keeps in it what it cannot draw.
type node struct {
	Value *rapport.Value `json:"value,omitempty"`
	List  *[]node        `json:"list,omitempty"`
	Name  string         `json:"name,omitempty"`
	Field string         `json:"field,omitempty"`
	Call  string         `json:"call,omitempty"`
	Op    string         `json:"op,omitempty"`
	Rule  string         `json:"rule,omitempty"`
	Of    *node          `json:"of,omitempty"`
	Args  []node         `json:"args,omitempty"`
}

// MarshalJSON returns the tree as the console's builder draws it.
func (e *Expr) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e.node())
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (e *Expr) node() node {
	args := make([]node, len(e.Args))
	for i, arg := range e.Args {
		args[i] = arg.node()
	}
	switch e.Op {
	case OpNumber:
		v := rapport.NumberOf(e.Number)
		return node{Value: &v}
	case OpText:
		v := rapport.TextOf(e.Text)
		return node{Value: &v}
	case OpBool:
		v := rapport.BoolOf(e.Bool)
		return node{Value: &v}
	case OpList:
		return node{List: &args}
	case OpName:
		return node{Name: e.Text}
	case OpField:
		return node{Field: e.Text, Of: &args[0]}
	case OpCall:
		return node{Call: e.Text, Args: args}
	case OpMethod:
		return node{Call: e.Text, Of: &args[0], Args: args[1:]}
	}
	return node{Op: opNames[e.Op], Args: args}
}

// UnmarshalJSON reads a tree from the builder. The tree is printed, parsed again
// and compared, so that what is accepted has a text which means the same.
func (e *Expr) UnmarshalJSON(data []byte) error {
	var n node
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&n); err != nil {
		return malformed("it is not a tree of a rule")
	}
	built, err := n.expr(0)
	if err != nil {
		return err
	}
	built = built.normal()
	parsed, err := Parse(built.String())
	if err != nil {
		return err
	}
	if !parsed.equal(built) {
		return malformed("it has no text that means the same")
	}
	*e = *parsed
	return nil
}

func malformed(what string) error {
	return rapport.Errorf(rapport.Invalid, "the condition's tree can't be read: %s", what)
}

// expr turns a node into a tree. The names in it are checked here, since a name
// that is none could print as something else.
func (n *node) expr(depth int) (*Expr, error) {
	if depth > 2*maxDepth {
		return nil, malformed("it is nested too deep")
	}
	switch {
	case n.Rule != "":
		return Parse(n.Rule)
	case n.Value != nil:
		return literal(*n.Value)
	case n.List != nil:
		return compose(Expr{Op: OpList}, nil, *n.List, depth)
	case n.Name != "" && isPlainName(n.Name):
		return &Expr{Op: OpName, Text: n.Name}, nil
	case n.Field != "" && n.Of != nil:
		return compose(Expr{Op: OpField, Text: n.Field}, n.Of, nil, depth)
	case n.Call != "" && isPlainName(n.Call):
		op := OpCall
		if n.Of != nil {
			op = OpMethod
		}
		return compose(Expr{Op: op, Text: n.Call}, n.Of, n.Args, depth)
	case n.Op != "":
		return n.operator(depth)
	}
	return nil, malformed("a part of it is empty or has a name that is none")
}

func compose(e Expr, of *node, args []node, depth int) (*Expr, error) {
	if of != nil {
		args = append([]node{*of}, args...)
	}
	for i := range args {
		arg, err := args[i].expr(depth + 1)
		if err != nil {
			return nil, err
		}
		e.Args = append(e.Args, arg)
	}
	return &e, nil
}

func (n *node) operator(depth int) (*Expr, error) {
	op, least, most := Op(slices.Index(opNames[OpOr:], n.Op)+int(OpOr)), 2, 2
	switch {
	case n.Op == "!":
		op, least, most = OpNot, 1, 1
	case n.Op == "-" && len(n.Args) == 1:
		op, least = OpNeg, 1
	case op < OpOr:
		return nil, malformed("it has an unknown operator")
	case op == OpOr || op == OpAnd:
		least, most = 1, maxNodes
	}
	if len(n.Args) < least || len(n.Args) > most {
		return nil, malformed("an operator has too few or too many parts")
	}
	if (op == OpOr || op == OpAnd) && len(n.Args) == 1 {
		return n.Args[0].expr(depth + 1)
	}
	return compose(Expr{Op: op}, nil, n.Args, depth)
}

func literal(v rapport.Value) (*Expr, error) {
	switch v.Kind() {
	case rapport.Number:
		return &Expr{Op: OpNumber, Number: v.Number()}, nil
	case rapport.Text:
		return &Expr{Op: OpText, Text: v.Text()}, nil
	case rapport.Bool:
		return &Expr{Op: OpBool, Bool: v.Bool()}, nil
	}
	return nil, malformed("a value is neither a text nor a number nor true or false")
}
