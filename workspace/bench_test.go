package workspace_test

import (
	"fmt"
	"strings"
	"testing"

	"rapport/workspace"
)

// A workspace of a thousand segments, read, compiled and compared.
func BenchmarkCompile(b *testing.B) {
	var text strings.Builder
	text.WriteString(shop)
	for i := range 1000 {
		fmt.Fprintf(&text, "---\nkind: segment\nname: s%d\nwhere: events(\"Order Completed\").within(\"%dd\").count() >= 2\n", i, 1+i)
	}
	b.ReportAllocs()
	for b.Loop() {
		docs := parse(b, text.String())
		compile(b, docs)
		if workspace.Differ(docs, workspace.Upsert(docs, docs, false)) {
			b.Fatal("the same is not the same")
		}
	}
}
