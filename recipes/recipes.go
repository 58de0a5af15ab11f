// Package recipes holds ready-made workspaces inside the program: one folder a
// story, with its documents, the stories that show what it does (.test), and a page
// that explains it.
//
// What it guarantees: each recipe applies alone to an empty workspace, its stories
// come out as they say, and what several recipes share is the same to the byte, so
// that they can be applied together. What it does not do: it applies nothing.
package recipes

import (
	"embed"
	"io/fs"
	"strings"

	"rapport"
	"rapport/internal/suggest"
)

//go:embed behaviour birthday browse-abandonment cart-recovery customer-types festival-chain phone-given profile-changed returned-item welcome win-back
var files embed.FS

// Recipe is one ready-made workspace.
type Recipe struct {
	Name        string
	Description string // in a sentence
}

// List returns all recipes in the order of their names.
func List() ([]Recipe, error) {
	folders, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	recipes := make([]Recipe, len(folders))
	for i, folder := range folders {
		page, err := files.ReadFile(folder.Name() + "/README.md")
		if err != nil {
			return nil, err
		}
		recipes[i] = Recipe{Name: folder.Name(), Description: description(string(page))}
	}
	return recipes, nil
}

// description returns the first paragraph below a page's title, as one line.
func description(page string) string {
	_, body, _ := strings.Cut(page, "\n\n")
	first, _, _ := strings.Cut(body, "\n\n")
	return strings.Join(strings.Fields(first), " ")
}

// Files returns a recipe's folder, or an error of kind NotFound.
func Files(name string) (fs.FS, error) {
	recipes, err := List()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range recipes {
		if r.Name == name {
			return fs.Sub(files, name)
		}
		names = append(names, r.Name)
	}
	if near, ok := suggest.Nearest(name, names); ok {
		return nil, rapport.Errorf(rapport.NotFound, "there is no recipe %q, did you mean %q?", name, near)
	}
	return nil, rapport.Errorf(rapport.NotFound, "there is no recipe %q: there are %s", name, strings.Join(names, ", "))
}
