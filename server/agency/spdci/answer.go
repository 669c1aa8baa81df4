package spdci

import (
	"context"
	"net/http"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
)

// answer takes a message in and answers it.
func (a api) answer(w http.ResponseWriter, r *http.Request, m *message) error {
	ctx := r.Context()
	if m.op.sync {
		var reply any
		err := a.server.Update(ctx, m.call.Agency.ID, func(tx ledger.Tx) (err error) {
			if err = a.admit(ctx, tx, m); err != nil {
				return err
			}
			reply, err = a.do(ctx, tx, m)
			return err
		})
		if err != nil {
			return err
		}
		return a.send(w, m, a.replyHeader(m, "succ"), reply)
	}
	correlation, err := a.server.NewID()
	if err != nil {
		return err
	}
	err = a.server.Update(ctx, m.call.Agency.ID, func(tx ledger.Tx) error {
		if err := a.admit(ctx, tx, m); err != nil {
			return err
		}
		if m.op.inbound {
			return nil
		}
		return a.enqueue(ctx, tx, m, correlation)
	})
	if err != nil {
		return err
	}
	status := "ACK"
	if m.op.inbound {
		status = "NACK" // taken, and nothing follows: nobody here asked
	}
	agency.JSON(w, http.StatusAccepted, ack(status, a.server.Clock(), correlation, nil))
	return nil
}

// do does what a message asks for and gives the answer's message.
func (a api) do(ctx context.Context, tx ledger.Tx, m *message) (any, error) {
	if m.op.action == "search" {
		return a.search(ctx, tx, m)
	}
	return a.status(ctx, tx, m)
}

func (a api) replyHeader(m *message, status string) header {
	total := m.header.Total
	if total == "" {
		total = "0"
	}
	return header{
		Version: "1.0.0", TS: stamp(a.server.Clock()), Action: m.op.answer, Status: status, SenderID: a.server.Name,
		ReceiverID: string(m.call.Agency.ID), Total: total, Completed: total,
	}
}

func (a api) send(w http.ResponseWriter, _ *message, h header, reply any) (err error) {
	if h.ID, err = a.server.NewID(); err != nil {
		return err
	}
	e, err := a.server.Seal(h, reply)
	if err != nil {
		return err
	}
	agency.JSON(w, http.StatusOK, e)
	return nil
}
