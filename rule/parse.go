package rule

import "errors"

// Parse reads a rule's text. The error is an [*Error].
func Parse(text string) (*Expr, error) { return nil, errors.New("to come") }

// CompileExpr checks and compiles a tree. The error is [Errors].
func CompileExpr(e *Expr, in Env) (*Rule, error) { return nil, errors.New("to come") }

// String returns the canonical text: Parse of it gives the same tree.
func (e *Expr) String() string { return "" }

// MarshalJSON returns the tree as the console's builder draws it.
func (e *Expr) MarshalJSON() ([]byte, error) { return nil, errors.New("to come") }

// UnmarshalJSON reads a tree from the builder.
func (e *Expr) UnmarshalJSON(data []byte) error { return errors.New("to come") }
