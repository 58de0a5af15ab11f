// Package liquid parses and renders Liquid templates.
package liquid
