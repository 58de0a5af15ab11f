package story_test

import (
	"os"
	"path/filepath"
	"testing"

	"rapport/store/postgres"
	"rapport/store/postgres/pgtest"
	"rapport/store/sqlite"
	"rapport/story"
)

// TestStoriesOverEveryEngine plays the stories of the recipes over databases: over each
// they come out as over memory.
func TestStoriesOverEveryEngine(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../recipes/*/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no recipes:", err)
	}
	for engine, open := range map[string]func(t *testing.T) (story.Store, error){
		"postgres": func(t *testing.T) (story.Store, error) {
			return postgres.Open(t.Context(), pgtest.URL(t), postgres.Options{})
		},
		"sqlite": func(t *testing.T) (story.Store, error) { return sqlite.Open(t.TempDir(), sqlite.Options{}) },
	} {
		for _, file := range files {
			t.Run(engine+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				if engine == "sqlite" && os.Getenv("RAPPORT_TEST_LONG") == "" {
					t.Skip("the flow's own tests run over SQLite as well; all stories do with RAPPORT_TEST_LONG=1")
				}
				recipes := os.DirFS(filepath.Dir(file))
				results, err := story.RunOver(recipes, func() (story.Store, error) { return open(t) })
				if err != nil || len(results) == 0 {
					t.Fatalf("%d stories, error %v", len(results), err)
				}
				for _, r := range results {
					if r.Failure != "" {
						t.Error(r)
					}
				}
			})
		}
	}
}
