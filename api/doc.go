// Package api is the HTTP face of the product: it reads requests, asks the
// stages, and writes answers. It is the only place where kinds of error become
// statuses; every fault is answered as a problem (RFC 9457). It decides nothing
// itself and keeps nothing.
package api
