package main

import (
	"fmt"
	"os"
	"path/filepath"

	"rapport/workspace"
)

type schema struct {
	Kind string `help:"Only the schema of this kind; document is of a document of any kind." placeholder:"KIND"`
	Out  string `short:"o" help:"A folder to write to, one file a schema; without it one schema goes to standard output, that of a document of any kind unless --kind says another." placeholder:"DIR"`
}

// Run writes JSON Schemas. No server is needed: they are this program's own.
func (s *schema) Run(std *streams) error {
	if s.Out == "" {
		kind := s.Kind
		if kind == "" {
			kind = workspace.AnyKind
		}
		text, err := workspace.Schema(kind)
		if err == nil {
			_, err = std.out.Write(text)
		}
		return err
	}
	kinds := workspace.SchemaNames()
	if s.Kind != "" {
		kinds = []string{s.Kind}
	}
	for _, kind := range kinds {
		if err := s.write(kind, std); err != nil {
			return err
		}
	}
	return nil
}

func (s *schema) write(kind string, std *streams) error {
	text, err := workspace.Schema(kind)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Out, 0o755); err != nil {
		return err
	}
	file := filepath.Join(s.Out, kind+".json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, file)
	return err
}
