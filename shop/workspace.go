package shop

import "embed"

//go:embed workspace/*.yaml
var documents embed.FS

// Workspace returns the documents of the shop's markets and of some questions it
// asks about its customers.
func Workspace() embed.FS { return documents }
