package ledger

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/askonce/fieldkit/sync/civic"
)

// engineError is what may be told of an error of PostgreSQL. Its own words can
// hold values, its details rows, and a failed connection the place: none of
// that goes into a log.
type engineError struct {
	state, table, constraint, words string
}

func (e *engineError) Error() string {
	var b strings.Builder
	b.WriteString("postgres " + e.state)
	if e.table != "" {
		b.WriteString(" on " + e.table)
	}
	if e.constraint != "" {
		b.WriteString(" (" + e.constraint + ")")
	}
	if e.words != "" {
		b.WriteString(": " + e.words)
	}
	return b.String()
}

// Classes of SQLSTATE, its first two signs.
const (
	classConnection = "08"
	classSyntax     = "42" // its words name tables and columns, never values
	classResources  = "53"
	classStopped    = "57"
	classDamage     = "XX"
)

// brokenOff tells whether the engine broke a transaction off only because of
// others: it may succeed when it runs again.
func brokenOff(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code == "40001" || e.Code == "40P01"
	}
	var told *engineError
	return errors.As(err, &told) && (told.state == "40001" || told.state == "40P01")
}

// postgresProblem gives the codes a person can act on.
func postgresProblem(err error) error {
	if err == nil {
		return nil
	}
	var p *civic.Problem
	if errors.As(err, &p) {
		return err
	}
	var e *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	isConnect := errors.As(err, &connect)
	switch {
	case errors.As(err, &e):
		return stateProblem(e, isConnect)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !isConnect:
		return err
	case isConnect:
		return civic.NewProblem(civic.LedgerUnreachable, &engineError{state: "connection", words: reason(err)})
	case errors.As(err, &network), pgconn.SafeToRetry(err), strings.Contains(err.Error(), "conn closed"), errors.Is(err, net.ErrClosed):
		return civic.NewProblem(civic.LedgerUnreachable, &engineError{state: "connection lost"})
	}
	return err
}

func stateProblem(e *pgconn.PgError, connecting bool) error {
	told := &engineError{state: e.Code, table: e.TableName, constraint: e.ConstraintName}
	class := e.Code[:min(2, len(e.Code))]
	if class == classSyntax {
		told.words = e.Message
	}
	switch {
	case e.Code == "40001" || e.Code == "40P01":
		return told
	case e.Code == "57014": // the caller gave up
		return errors.Join(context.Canceled, told)
	case e.Code == "55P03":
		return civic.NewProblem(civic.ServerBusy, told)
	case e.Code == "53100":
		return civic.NewProblem(civic.ServerFull, told)
	case e.Code == "22021" || e.Code == "22P05": // a sign that no text can hold
		return civic.NewProblem(civic.RequestMalformed, told)
	case class == classDamage:
		return civic.NewProblem(civic.LedgerDamaged, told)
	case connecting, class == classConnection, class == classResources, class == classStopped, e.Code == "25P03", e.Code == "25006":
		return civic.NewProblem(civic.LedgerUnreachable, told)
	}
	return told
}

// reason names why no connection came about without naming the place.
func reason(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "the host's name is not known"
	case errors.As(err, &op):
		return fmt.Sprint(op.Err)
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return "refused"
}
