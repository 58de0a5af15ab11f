package postgres

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"rapport"
)

// The codes of PostgreSQL that have a meaning of their own here.
const (
	notNullViolation      = "23502"
	uniqueViolation       = "23505"
	readOnlyTransaction   = "25006"
	invalidAuthorization  = "28000"
	invalidPassword       = "28P01"
	unknownDatabase       = "3D000"
	unknownSchema         = "3F000"
	noPrivilege           = "42501"
	undefinedTable        = "42P01"
	duplicateTable        = "42P07"
	diskFull              = "53100"
	outOfMemory           = "53200"
	tooManyConnections    = "53300"
	limitExceeded         = "54000"
	objectInUse           = "55" // not in the state that was asked for, a lock among them
	operatorIntervention  = "57" // cancelled, shutting down, starting up
	connectionException   = "08"
	transactionRolledBack = "40"
	dataDamaged           = "XX001"
	indexDamaged          = "XX002"
)

// broken reports whether an error is that of the connection and not of what was said
// over it.
func broken(err error) bool {
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) {
		return fatal(theirs) || strings.HasPrefix(theirs.Code, connectionException)
	}
	var ours *rapport.Error
	return !errors.As(err, &ours)
}

// fatal reports whether the server has ended the connection with an error.
func fatal(err *pgconn.PgError) bool {
	return err.SeverityUnlocalized == "FATAL" || err.SeverityUnlocalized == "PANIC" || strings.HasPrefix(err.Code, operatorIntervention+"P")
}

// explain turns what PostgreSQL or the network says into an error with a kind and a
// sentence for the operator's screen. Errors that have a kind stay what they are.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	var known *rapport.Error
	var theirs *pgconn.PgError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &theirs):
		kind, message := s.meaning(theirs.Code)
		return &rapport.Error{Kind: kind, Message: message, Err: theirs}
	}
	return &rapport.Error{Kind: rapport.Unavailable, Code: "database_gone", Message: s.gone(), Err: cause(err)}
}

// cause is what is worth logging of a connection's error: it never holds the password.
func cause(err error) error {
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		return connecting.Unwrap()
	}
	return err
}

func (s *Store) gone() string {
	return fmt.Sprintf("The database on %s does not answer. It is tried again by itself; look whether PostgreSQL runs and can be reached.", s.place.server)
}

// meaning says what a code means.
func (s *Store) meaning(code string) (rapport.ErrorKind, string) {
	p := s.place
	switch code {
	case notNullViolation:
		return rapport.Conflict, "The database does not stand where this program left it: another program owns it by now, or an older copy of it was put in its place."
	case invalidPassword, invalidAuthorization:
		return rapport.Unavailable, fmt.Sprintf("PostgreSQL on %s refuses the user %s: look at the name and the password in --database, and at pg_hba.conf.", p.server, p.user)
	case unknownDatabase:
		return rapport.Unavailable, fmt.Sprintf("There is no database %s on %s. Make one: createdb --owner %s %s", p.database, p.server, p.user, p.database)
	case unknownSchema:
		return rapport.Unavailable, fmt.Sprintf("The user %s has no schema in the database %s to keep tables in: make the one that search_path names, owned by %s.", p.user, p.database, p.user)
	case noPrivilege:
		return rapport.Unavailable, fmt.Sprintf("The user %s may not do that in the database %s. It must own the schema it works in: alter database %s owner to %s", p.user, p.database, p.database, p.user)
	case undefinedTable:
		return rapport.Internal, fmt.Sprintf("A table of Rapport's is missing in the database %s. Restore the last backup.", p.database)
	case readOnlyTransaction:
		return rapport.Unavailable, fmt.Sprintf("The database on %s is read-only, as a standby is. It is tried again by itself.", p.server)
	case diskFull:
		return rapport.Unavailable, "The database's disk is full. Nothing was written; make room, then it goes on."
	case outOfMemory:
		return rapport.Unavailable, "The database has not enough memory."
	case tooManyConnections:
		return rapport.Unavailable, "The database takes no more connections: raise max_connections, or end other programs."
	case limitExceeded:
		return rapport.TooLarge, "A value is larger than the database can hold."
	case dataDamaged, indexDamaged:
		return rapport.Internal, "The database is damaged. Restore the last backup."
	}
	switch {
	case strings.HasPrefix(code, operatorIntervention), strings.HasPrefix(code, connectionException):
		return rapport.Unavailable, s.gone()
	case strings.HasPrefix(code, objectInUse), strings.HasPrefix(code, transactionRolledBack), strings.HasPrefix(code, "53"):
		return rapport.Unavailable, "The database could not do that now. Nothing was written; it is tried again."
	}
	return rapport.Internal, "The database failed."
}

func errClosed() error { return rapport.Errorf(rapport.Unavailable, "the store is closed") }
