// Package lint reads the files of deploy as those do whom they are for: expressions of
// alerts and of the dashboard with Prometheus's own parser, the Dockerfile with BuildKit's
// parser and linter. Its tests guarantee that both take them without a remark.
//
// It is a module of its own and holds nothing but tests: the program neither needs nor links
// what they use. Nothing is built here, and no server is asked.
package lint
