package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rapport"
	"rapport/client"
	"rapport/recipes"
)

type recipe struct {
	List  recipeList  `cmd:"" default:"1" help:"List the recipes."`
	Apply recipeApply `cmd:"" help:"Put a recipe's documents in force."`
	Write recipeWrite `cmd:"" help:"Write a recipe to a folder: documents, stories and the page that explains it."`
}

type recipeList struct{}

// Run lists the recipes.
func (recipeList) Run(std *streams) error {
	list, err := recipes.List()
	for _, r := range list {
		fmt.Fprintf(std.out, "%-16s %s\n", r.Name, r.Description)
	}
	return err
}

type recipeApply struct {
	remote
	signed
	Name string `arg:"" help:"The recipe."`
	Dry  bool   `name:"dry-run" help:"Only say what would change."`
}

// Run applies a recipe.
func (a *recipeApply) Run(ctx context.Context, std *streams) error {
	folder, err := recipes.Files(a.Name)
	if err != nil {
		return err
	}
	return a.by(ctx, a.client()).ApplyFS(ctx, folder, client.ApplyOptions{Dry: a.Dry, Note: "recipe " + a.Name}, std.out)
}

type recipeWrite struct {
	Name string `arg:"" help:"The recipe."`
	Dir  string `arg:"" help:"The folder, which is made if need be." type:"path"`
}

// Run writes a recipe to a folder. It overwrites nothing.
func (w *recipeWrite) Run(std *streams) error {
	folder, err := recipes.Files(w.Name)
	if err != nil {
		return err
	}
	err = os.CopyFS(w.Dir, folder)
	if errors.Is(err, fs.ErrExist) {
		return rapport.Errorf(rapport.Conflict, "%s holds some of the recipe's files already, and nothing is overwritten: name another folder", w.Dir)
	}
	if err == nil {
		_, err = fmt.Fprintf(std.out, "%s: read %s, then rapport test %s\n", w.Dir, filepath.Join(w.Dir, "README.md"), w.Dir)
	}
	return err
}
